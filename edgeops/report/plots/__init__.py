"""How good a model is, as pictures: values in, PNG bytes out, the same bytes each time."""
