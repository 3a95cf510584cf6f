"""Answers of `GET /v1/usage`, of which the database makes the rows as they are sent."""
