timeout = 60 * 60
