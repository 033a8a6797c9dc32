"""The sandbox of the grader: one tester for each submission, a cell for each process of it.

The tester is ours: it holds checks, starts servers, owns proxies and taps. It lives in a network and a mount namespace of its
own, and so does all that it starts; what is the submission's lives in cells inside that.
"""
