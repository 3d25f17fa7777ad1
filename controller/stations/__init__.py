"""Stations, devices, outputs and clusters; how a device enrols and what state it shall take."""
