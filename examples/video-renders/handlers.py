"""Behaviour that the document does not describe: what is left of the month's rendering time."""

from mockserver import Reply, handles

MONTH = 100


@handles("getQuota")
def get_quota(world, request):
    used = sum(row["data"].get("minutes", 1) for row in world["renders"].scan())
    return Reply(200, {"minutes": MONTH - used})
