"""The only writer: carries out a plan on a hub, device by device, and gives the outcomes."""
