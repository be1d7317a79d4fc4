// The points, drawn by WebGL2 in one call a panel. Colours come from a palette, so that hiding a class or
// recolouring changes no geometry.

const VERTEX = `#version 300 es
in vec3 start; in vec3 end; in uint value; in uint chosen;
uniform mat4 matrix; uniform float part; uniform float size; uniform float faint; uniform int pass; uniform sampler2D palette;
out vec4 colour; out float diameter;
void main() {
  colour = texelFetch(palette, ivec2(value & 255u, value >> 8u), 0);
  gl_Position = matrix * vec4(mix(start, end, part), 1.0);
  diameter = size / gl_Position.w;
  gl_PointSize = diameter;
  if (colour.a == 0.0 || (pass < 2 && int(chosen) != pass)) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  if (chosen == 0u) colour.a *= faint;
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 colour; in float diameter; uniform bool solid; out vec4 painted;
void main() {
  float away = length(gl_PointCoord - 0.5) * diameter;
  float cover = clamp(0.5 * diameter - away + 0.5, 0.0, 1.0);
  if (solid ? cover < 0.5 : cover == 0.0) discard;
  float alpha = solid ? colour.a : cover * colour.a;
  painted = vec4(colour.rgb * alpha, alpha);
}`;

const WIDTH = 256; // of the palette, which has a row for each 256 colours

export class Scene {
  // Throws if the browser has no WebGL2.
  constructor(canvas) {
    this.canvas = canvas;
    const gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true });
    if (!gl) throw new Error("This browser has no WebGL2");
    this.gl = gl;
    this.program = link(gl);
    this.place = {};
    for (const name of ["matrix", "part", "size", "faint", "solid", "pass"]) {
      this.place[name] = gl.getUniformLocation(this.program, name);
    }
    this.maps = [];
    this.arrays = new Map();
    this.palette = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.useProgram(this.program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.depthFunc(gl.LEQUAL);
  }

  // Points of each map, (n, 3) in the cube; all have the same n.
  setMaps(maps) {
    const { gl } = this;
    for (const buffer of [...this.maps, this.values, this.chosen, this.order]) gl.deleteBuffer(buffer ?? null);
    for (const array of this.arrays.values()) gl.deleteVertexArray(array);
    this.arrays.clear();
    this.n = maps[0].length / 3;
    this.maps = maps.map((points) => filled(gl, gl.ARRAY_BUFFER, points));
    this.values = filled(gl, gl.ARRAY_BUFFER, new Uint16Array(this.n));
    this.chosen = filled(gl, gl.ARRAY_BUFFER, new Uint8Array(this.n));
    this.order = filled(gl, gl.ELEMENT_ARRAY_BUFFER, shuffled(this.n));
  }

  // The palette index of each point, (n) Uint16Array.
  setValues(values) {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.values);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, values, this.gl.DYNAMIC_DRAW);
  }

  // RGBA bytes; a colour with alpha 0 is not drawn.
  setPalette(colours) {
    const { gl } = this;
    const height = Math.ceil(colours.length / 4 / WIDTH);
    const bytes = new Uint8Array(4 * WIDTH * height);
    bytes.set(colours);
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, WIDTH, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
  }

  // (n) 1 for highlighted points, or null for none.
  setChosen(chosen) {
    this.choosing = chosen !== null;
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.chosen);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, chosen ?? new Uint8Array(this.n), this.gl.DYNAMIC_DRAW);
  }

  // Each view: { rect: [left, top, width, height], matrix, from, to, part, solid }, in pixels of the canvas.
  draw(views, size) {
    const { gl, place } = this;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.SCISSOR_TEST);
    for (const { rect, matrix, from, to, part, solid } of views) {
      const [left, top, width, height] = rect.map(Math.round);
      gl.viewport(left, this.canvas.height - top - height, width, height);
      gl.scissor(left, this.canvas.height - top - height, width, height);
      (solid ? gl.enable : gl.disable).call(gl, gl.DEPTH_TEST);
      gl.uniformMatrix4fv(place.matrix, false, matrix);
      gl.uniform1f(place.part, part);
      gl.uniform1f(place.size, size);
      gl.uniform1f(place.faint, this.choosing ? 0.1 : 1);
      gl.uniform1i(place.solid, solid ? 1 : 0);
      gl.bindVertexArray(this._array(from, to));
      for (const pass of this.choosing ? [0, 1] : [2]) { // selected points are drawn on top; 2: all at once
        gl.uniform1i(place.pass, pass);
        gl.depthMask(pass > 0);
        gl.drawElements(gl.POINTS, this.n, gl.UNSIGNED_INT, 0);
      }
      gl.depthMask(true);
    }
    gl.bindVertexArray(null);
    gl.disable(gl.SCISSOR_TEST);
  }

  destroy() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  _array(from, to) {
    const name = `${from}-${to}`;
    if (!this.arrays.has(name)) {
      const { gl } = this;
      const array = gl.createVertexArray();
      gl.bindVertexArray(array);
      for (const [input, buffer] of [["start", this.maps[from]], ["end", this.maps[to]]]) {
        const at = this._input(input, buffer);
        gl.vertexAttribPointer(at, 3, gl.FLOAT, false, 0, 0);
      }
      gl.vertexAttribIPointer(this._input("value", this.values), 1, gl.UNSIGNED_SHORT, 0, 0);
      gl.vertexAttribIPointer(this._input("chosen", this.chosen), 1, gl.UNSIGNED_BYTE, 0, 0);
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.order);
      this.arrays.set(name, array);
    }
    return this.arrays.get(name);
  }

  _input(name, buffer) {
    const at = this.gl.getAttribLocation(this.program, name);
    this.gl.enableVertexAttribArray(at);
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, buffer);
    return at;
  }
}

// 0..n-1 in a fixed random order, so that no class covers all others because it comes last.
export function shuffled(n) {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  let state = 1;
  for (let i = n - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // Numerical Recipes' generator
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

function filled(gl, target, data) {
  const buffer = gl.createBuffer();
  gl.bindVertexArray(null);
  gl.bindBuffer(target, buffer);
  gl.bufferData(target, data, gl.STATIC_DRAW);
  return buffer;
}

function link(gl) {
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
  return program;
}
