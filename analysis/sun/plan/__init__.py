"""A planned building: put into a scene, and what it changes for its neighbours."""
