"""The backplane between machines: everything in one Redis, under one prefix."""

from backplane.redis.backplane import RedisBackplane

__all__ = ["RedisBackplane"]
