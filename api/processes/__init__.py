"""OGC API - Processes 1.0 (OGC 18-062r2): models as processes, runs as jobs."""

CONFORMANCE = [
    f"http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/{name}"
    for name in ("core", "ogc-process-description", "json", "job-list", "dismiss")
]
EXCEPTIONS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"
RELATIONS = "http://www.opengis.net/def/rel/ogc/1.0"
