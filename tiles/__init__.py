"""From the store to what a viewer draws: 3D Tiles 1.1, quantized-mesh terrain and ground imagery."""
