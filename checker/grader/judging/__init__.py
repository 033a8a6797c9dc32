"""What happens to one submission: a nursery forks a tester, which enters a sandbox, runs the checks and says what it sees.

The nursery (``nursery``, ``nursery_main``) has loaded all that is slow to load; the tester (``tester``) lives for one
submission; who asked (``attempts``) holds both to their time from outside, and makes a Judgement of what was heard.
"""
