"""Work of the account service that is done again and again, once in the whole fleet."""
