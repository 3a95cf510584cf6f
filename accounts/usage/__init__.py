"""What accounts have used: batches from routers, added up by minute, quarter of an hour, hour and day."""
