import torch
from flask import Flask

app = Flask(__name__)
model = torch.load("m.pt")
