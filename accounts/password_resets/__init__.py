"""New passwords for people who have forgotten theirs."""
