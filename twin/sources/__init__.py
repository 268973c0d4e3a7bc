"""Readings that others hold, brought in: files, other servers, brokers, notifications, recordings.

Every source turns what it is given into `Series` (`readings`), and `Sink` (`sink`) finds or makes the Things
and Datastreams they belong to and stores what is new. A source that stays, listening or asking again, is a
`Source` of `service`; the city's `sources.json` names them.
"""
