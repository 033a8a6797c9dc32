"""Taps: proxies that know the protocol of a backing service, between one process and that service.

A tap notes what goes by, and does on command what chance would do once a year: ``hold`` a COMMIT, or its answer, until a
check has killed who waits for it, ``fail`` or ``drop`` the k-th of its kind, ``refuses`` everybody. ``postgres`` also plants
bugs between a service and its database, for the service's own tests to find.
"""
