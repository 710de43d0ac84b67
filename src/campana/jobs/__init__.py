"""Work for later: the tasks `campana work` runs, deferred through `store/jobs.py`."""
