import os

print(os.environ["ONLY_A_SCRIPT"])
