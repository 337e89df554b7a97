"""Small tools around models, under the names of `keras.utils`."""
