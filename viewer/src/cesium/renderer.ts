/** The parts of CesiumJS's renderer that it exports without types, as far as the viewer uses them. */
import * as Cesium from '@cesium/engine';
import type { BoundingSphere, Matrix4 } from '@cesium/engine';

export interface GpuBuffer {
  copyFromArrayView: (data: ArrayBufferView) => void;
}

export interface VertexArray {
  destroy: () => void;
}

export interface ShaderProgram {
  destroy: () => void;
}

export interface DrawCommand {
  show?: boolean;
}

/** What a primitive is given on every frame. */
export interface FrameState {
  context: object;
  commandList: DrawCommand[];
  passes: { render: boolean; pick: boolean };
}

interface Renderer {
  Buffer: {
    createVertexBuffer: (options: {
      context: object;
      typedArray: ArrayBufferView;
      usage: number;
    }) => GpuBuffer;
    createIndexBuffer: (options: {
      context: object;
      typedArray: ArrayBufferView;
      usage: number;
      indexDatatype: number;
    }) => GpuBuffer;
  };
  BufferUsage: { STATIC_DRAW: number; DYNAMIC_DRAW: number };
  VertexArray: new (options: {
    context: object;
    attributes: { index: number; vertexBuffer: GpuBuffer; componentsPerAttribute: number }[];
    indexBuffer: GpuBuffer;
  }) => VertexArray;
  ShaderProgram: {
    fromCache: (options: {
      context: object;
      vertexShaderSource: string;
      fragmentShaderSource: string;
      attributeLocations: Record<string, number>;
    }) => ShaderProgram;
  };
  RenderState: { fromCache: (options: object) => object };
  DrawCommand: new (options: {
    owner: object;
    vertexArray: VertexArray;
    shaderProgram: ShaderProgram;
    renderState: object;
    uniformMap: Record<string, () => unknown>;
    modelMatrix: Matrix4;
    boundingVolume: BoundingSphere;
    primitiveType: number;
    pass: number;
  }) => DrawCommand;
  Pass: { TRANSLUCENT: number };
}

export const renderer = Cesium as unknown as Renderer;
