"""What operators of the installation do with the money of accounts, over REST."""
