from flask import Flask

app = Flask(__name__)


def predict():
    import torch

    return torch.load("m.pt")
