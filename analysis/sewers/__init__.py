"""Storm sewers under the flood: SWMM 5 coupled with the surface, and its network for drawing."""
