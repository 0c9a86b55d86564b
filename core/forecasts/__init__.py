"""Forecasts that are frequencies: of networks like this one that were trained, how many solved their task.

``distribution`` declares which networks, ``build`` trains them, ``table`` counts, ``calibration`` judges the counts on
runs that they have not seen, ``forecast`` looks one network up. Only ``build`` needs torch.
"""
