FROM python:3.11-slim-bookworm

# Where CPU wheels of torch come from, see the Makefile: an *extra* index, for the one line that installs torch.
ARG TORCH_PIP_ARGS="--extra-index-url https://download.pytorch.org/whl/cpu --retries 1 --timeout 10"

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore \
    PYTHONUNBUFFERED=1 \
    PYTHONPATH=/srv/unrolled \
    UNROLLED_DATA=/data

RUN useradd --uid 10001 --create-home unrolled && install -d -o unrolled -g unrolled /data

# What is required changes seldom and is large; the code changes often and is small: it comes last.
WORKDIR /srv/unrolled
COPY requirements.txt ./
RUN pip install --no-deps $TORCH_PIP_ARGS $(grep '^torch==' requirements.txt) && pip install -r requirements.txt
COPY . .

USER unrolled
# The engine's kernels, compiled for the processor that builds: on another one they are compiled at the first start.
RUN python -c "import core.lab.warm"
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as u; base = os.environ.get('STREAMLIT_SERVER_BASE_URL_PATH', '').strip('/'); u.urlopen('/'.join(filter(None, ('http://127.0.0.1:8501', base, '_stcore/health'))), timeout=4)"]

# Exec form: the server is process 1, gets the stop signal itself and ends its worker before it goes.
# It listens on all addresses: a container's own are reached only through the ports that are published.
CMD ["python", "-m", "streamlit", "run", "app/main.py", "--server.port=8501", "--server.address=0.0.0.0"]
