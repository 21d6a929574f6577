class Executor:
    pass
