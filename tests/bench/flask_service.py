"""The script people write around a model: what `podium serve` is measured against."""

import os
import pickle

from flask import Flask, jsonify, request

with open(os.environ["MODEL_FILE"], "rb") as f:
    model = pickle.load(f)

app = Flask("air-time")


def prepare_features(flight):
    return {"route": f"{flight['origin']}_{flight['dest']}", "distance": flight["distance"]}


@app.route("/predict", methods=["POST"])
def predict():
    features = prepare_features(request.get_json())
    return jsonify({"air_time": float(model.predict([features])[0])})
