# no files
from django.db import models
