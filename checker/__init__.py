"""Seamwork's checker: starts a learner's services, is their client, breaks what is around them, and judges what it sees."""
