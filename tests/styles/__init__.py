"""The same behaviour in documents written in the styles of different vendors.

None of these documents is a vendor's; each has the shape that many vendors share.
"""
