"""The front end: Streamlit pages, and the board that the browser fetches on its own. Never imports torch."""
