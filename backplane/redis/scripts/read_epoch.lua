return epoch
