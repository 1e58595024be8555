"""STUB"""
from edgeguard.errors import StoreError
def label(database, actor, alarm_id, label, now_ms):
    raise StoreError("stub")
