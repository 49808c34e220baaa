"""What a run proved: the result model, the pytest plugin that fills it, and the writers that show it.

Of Plumbline this package knows the event stream (``plumbline.core.events``) and nothing else.
"""
