"""What is to be removed outside of the database, after what it belonged to was deleted there."""
