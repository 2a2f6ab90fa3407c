"""The quick renderer: OpenGL without a display (EGL; Mesa's llvmpipe where there is no GPU).

Plainer than Blender and a hundred times quicker: one lamp with a shadow, one without, light from
the surroundings, darkened hollows, nails and creases.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Any

import cv2
import moderngl
import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from .arm import Arm, Placed
from .camera import Camera
from .mesh import Array, Indices, vertex_normals

Rgb = tuple[float, float, float]
SHADOW = 512
NEAR, FAR = 0.05, 3.0

_SHADOW_VERTEX = """
#version 330
in vec3 position;
uniform mat4 light;
void main() { gl_Position = light * vec4(position, 1.0); }
"""

_VERTEX = """
#version 330
in vec3 position;
in vec3 normal;
in vec3 rest;
in vec3 nail;
in vec3 finger;
in vec3 detail;  // redness, back or palm of the finger, palm of the hand
uniform mat4 camera;
uniform mat4 light;
out vec3 world, n, at, onNail, onFinger, onSkin;
out vec4 lit;
void main() {
    world = position; n = normal; at = rest; onNail = nail; onFinger = finger; onSkin = detail;
    lit = light * vec4(position, 1.0);
    gl_Position = camera * vec4(position, 1.0);
}
"""

_FRAGMENT = """
#version 330
in vec3 world, n, at, onNail, onFinger, onSkin;
in vec4 lit;
uniform sampler2D shadow;
uniform vec3 eye, base, keyDirection, keyColor, fillDirection, fillColor, skyColor, groundColor;
uniform bool cloth;
layout(location = 0) out vec4 color;
layout(location = 1) out vec4 distance;

float hash(vec3 p) { return fract(sin(dot(p, vec3(127.1, 311.7, 74.7))) * 43758.5453); }
float noise(vec3 p) {
    vec3 i = floor(p), f = fract(p);
    f = f * f * (3.0 - 2.0 * f);
    vec2 o = vec2(0.0, 1.0);
    return mix(
        mix(mix(hash(i), hash(i + o.yxx), f.x), mix(hash(i + o.xyx), hash(i + o.yyx), f.x), f.y),
        mix(mix(hash(i + o.xxy), hash(i + o.yxy), f.x),
            mix(hash(i + o.xyy), hash(i + o.yyy), f.x), f.y),
        f.z);
}
float line(float value, float where, float width) {
    return clamp(1.0 - abs(value - where) / width, 0.0, 1.0);
}
float visible() {
    vec3 p = lit.xyz / lit.w * 0.5 + 0.5;
    if (any(lessThan(p, vec3(0.01))) || any(greaterThan(p, vec3(0.99)))) return 1.0;
    float sum = 0.0;
    for (int i = -1; i <= 1; i++)
        for (int j = -1; j <= 1; j++)
            sum += step(p.z - 0.004, texture(shadow, p.xy + vec2(i, j) / SHADOW_SIZE).r);
    return sum / 9.0;
}
void main() {
    vec3 normal = normalize(n), view = normalize(eye - world), albedo = base;
    float shine = 0.0, power = 18.0;
    if (cloth) {
        albedo *= 0.85 + 0.3 * noise(at * 900.0);
    } else {
        albedo = mix(albedo, albedo * vec3(1.0, 0.62, 0.57), onSkin.x);
        albedo *= 0.9 + 0.2 * noise(at * 120.0);
        float wobble = (noise(at * 140.0) - 0.5) * 3.0;
        float inside = clamp((-0.15 - onSkin.y) * 3.0, 0.0, 1.0);
        float outside = clamp((onSkin.y - 0.25) * 3.0, 0.0, 1.0);
        float folds = max(line(onFinger.x + wobble, 0.0, 1.5), line(onFinger.y + wobble, 0.5, 1.2));
        folds = max(folds, line(onFinger.z + wobble, 0.0, 1.3));
        float knuckle = 0.6 * max(line(onFinger.x + wobble, -2.2, 1.0),
            max(line(onFinger.x + wobble, 0.2, 1.0), line(onFinger.x + wobble, 2.6, 1.0)));
        float crease = 0.7 * max(folds * inside, knuckle * outside);
        albedo = mix(albedo, albedo * vec3(0.55, 0.42, 0.38), crease);
        float round = pow(abs(onNail.x), 3.0) + pow(abs(onNail.y), 3.0);
        float mask = clamp((1.0 - round) * 8.0, 0.0, 1.0) * onNail.z;
        float edge = clamp((onNail.y - 0.62) * 6.0, 0.0, 1.0);
        vec3 plate = mix(base * 1.1 + 0.03, base * 0.6 + 0.38, edge);
        albedo = mix(albedo, plate, mask);
        albedo *= 1.0 - 0.35 * clamp(1.0 - abs(round - 1.1) * 4.0, 0.0, 1.0) * onNail.z;
        shine = mix(0.10, 0.35, mask);
        power = mix(18.0, 60.0, mask);
    }
    float seen = visible();
    float key = clamp((dot(normal, keyDirection) + 0.2) / 1.2, 0.0, 1.0) * seen;
    float fill = clamp((dot(normal, fillDirection) + 0.3) / 1.3, 0.0, 1.0);
    vec3 around = mix(groundColor, skyColor, normal.z * 0.5 + 0.5);
    vec3 light = keyColor * key + fillColor * fill + around;
    vec3 result = albedo * light;
    if (!cloth) result += base * vec3(0.25, 0.05, 0.02) * keyColor * seen
        * clamp(1.0 - abs(dot(normal, keyDirection)) * 3.0, 0.0, 1.0);
    result += shine * keyColor * seen
        * pow(clamp(dot(normal, normalize(view + keyDirection)), 0.0, 1.0), power);
    result += 0.4 * shine * fillColor
        * pow(clamp(dot(normal, normalize(view + fillDirection)), 0.0, 1.0), power);
    color = vec4(pow(clamp(result, 0.0, 1.0), vec3(1.0 / 2.2)), 1.0);
    distance = vec4(length(eye - world), 0.0, 0.0, 1.0);
}
""".replace("SHADOW_SIZE", f"{SHADOW}.0")


@dataclass(frozen=True)
class Light:
    """Colours are linear RGB, about 0-3; directions point to the lamp, in the world's axes."""

    key_direction: Rgb = (-0.5, -0.6, 0.6)
    key_color: Rgb = (1.5, 1.42, 1.3)
    fill_direction: Rgb = (0.8, -0.5, 0.1)
    fill_color: Rgb = (0.25, 0.28, 0.32)
    sky: Rgb = (0.40, 0.42, 0.45)
    ground: Rgb = (0.22, 0.2, 0.18)


class Raster:
    """Draws one arm; a context manager that holds the OpenGL context.

    ``skin`` and ``sleeve`` are linear RGB, 0-1.

    Raises:
        RuntimeError: there is no EGL (Debian: ``apt install libegl1 libgl1-mesa-dri``).
    """

    def __init__(self, arm: Arm, camera: Camera, skin: Rgb, sleeve: Rgb) -> None:
        try:
            self._gl = moderngl.create_context(standalone=True, backend="egl")
        except Exception as error:
            raise RuntimeError(f"no OpenGL without a display (libegl1, Mesa): {error}") from error
        self.camera = camera
        gl = self._gl
        size = (camera.width, camera.height)
        self._program: Any = gl.program(vertex_shader=_VERTEX, fragment_shader=_FRAGMENT)
        empty = "#version 330\nvoid main() {}"
        self._shadow_program: Any = gl.program(vertex_shader=_SHADOW_VERTEX, fragment_shader=empty)
        self._shadow_map = gl.depth_texture((SHADOW, SHADOW))
        self._shadow_map.compare_func = ""
        self._shadow_buffer = gl.framebuffer(depth_attachment=self._shadow_map)
        self._buffer = gl.framebuffer(
            [gl.renderbuffer(size, samples=4), gl.renderbuffer(size, 2, samples=4, dtype="f4")],
            gl.depth_renderbuffer(size, samples=4),
        )
        self._picture = gl.texture(size, 4)
        self._distance = gl.texture(size, 2, dtype="f4")
        self._resolved = gl.framebuffer([self._picture, self._distance])

        details = arm.details
        quads = np.vstack([arm.forearm_quads[:, [0, 1, 2]], arm.forearm_quads[:, [0, 2, 3]]])
        skin_triangles = np.vstack([arm.hand_triangles, quads])
        self._skin = _Surface(self, skin_triangles, len(arm.rest), skin, cloth=False)
        self._skin.describe(
            arm.rest,
            details.nail,
            details.finger_mm,
            np.stack([details.tint, details.dorsal, details.palm], 1),
        )
        sleeve_triangles = np.vstack(
            [arm.sleeve_quads[:, [0, 1, 2]], arm.sleeve_quads[:, [0, 2, 3]]]
        )
        self._sleeve = _Surface(self, sleeve_triangles, len(arm.sleeve_rest), sleeve, cloth=True)
        none = np.zeros_like(arm.sleeve_rest)
        self._sleeve.describe(arm.sleeve_rest, none, none, none)
        self._outward = -1.0 if arm.left else 1.0

    def __enter__(self) -> Raster:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._gl.release()

    def draw(self, placed: Placed, light: Light) -> NDArray[np.uint8]:
        """(height, width, 4) BGRA, alpha not premultiplied: the arm alone."""
        gl = self._gl
        self._skin.move(placed.skin, self._outward)
        self._sleeve.move(placed.sleeve, self._outward)
        key = _unit(light.key_direction)
        projection = _light_matrix(key, placed.joints)
        self._shadow_program["light"].write(_bytes(projection.T))
        program = self._program
        program["light"].write(_bytes(projection.T))
        program["camera"].write(_bytes(self._camera_matrix().T))
        program["eye"].value = (0.0, -self.camera.distance, 0.0)
        program["keyDirection"].value = tuple(key)
        program["keyColor"].value = light.key_color
        program["fillDirection"].value = tuple(_unit(light.fill_direction))
        program["fillColor"].value = light.fill_color
        program["skyColor"].value = light.sky
        program["groundColor"].value = light.ground

        gl.enable(moderngl.DEPTH_TEST)
        self._shadow_buffer.use()
        self._shadow_buffer.clear(depth=1.0)
        self._skin.draw_shadow()
        self._sleeve.draw_shadow()
        self._buffer.use()
        self._buffer.clear()
        self._shadow_map.use(0)
        self._skin.draw()
        self._sleeve.draw()
        gl.copy_framebuffer(self._resolved, self._buffer)
        shape = (self.camera.height, self.camera.width)
        color = np.frombuffer(self._picture.read(), np.uint8).reshape(*shape, 4)[::-1]
        depth = np.frombuffer(self._distance.read(), np.float32).reshape(*shape, 2)[::-1]
        return _darken_hollows(color, depth[..., 0])

    def _camera_matrix(self) -> Array:
        camera = self.camera
        a = (FAR + NEAR) / (FAR - NEAR)
        b = -2 * FAR * NEAR / (FAR - NEAR)
        focal = 2 * camera.focal
        return np.array(
            [
                [focal / camera.width, 0, 0, 0],
                [0, 0, focal / camera.height, 0],
                [0, a, 0, a * camera.distance + b],
                [0, 1, 0, camera.distance],
            ]
        )


class _Surface:
    """Vertex buffers of one closed or open surface, once subdivided."""

    def __init__(
        self, raster: Raster, triangles: Indices, count: int, base: Rgb, cloth: bool
    ) -> None:
        gl = raster._gl
        self._program = raster._program
        self._base, self._cloth = base, cloth
        self._subdivide, self.triangles = subdivision(triangles, count)
        total = self._subdivide.shape[0]
        self._moving = gl.buffer(reserve=total * 6 * 4, dynamic=True)
        self._still = gl.buffer(reserve=total * 12 * 4)
        order = gl.buffer(self.triangles.astype(np.int32).tobytes())
        inputs = ("rest", "nail", "finger", "detail")
        self._array = gl.vertex_array(
            raster._program,
            [
                (self._moving, "3f 3f", "position", "normal"),
                (self._still, "3f 3f 3f 3f", *inputs),
            ],
            order,
        )
        self._shadow = gl.vertex_array(
            raster._shadow_program, [(self._moving, "3f 12x", "position")], order
        )

    def describe(self, *columns: Array) -> None:
        self._still.write(_bytes(np.hstack([self._subdivide @ column for column in columns])))

    def move(self, vertices: Array, outward: float) -> None:
        fine = self._subdivide @ vertices
        self._moving.write(
            _bytes(np.hstack([fine, outward * vertex_normals(fine, self.triangles)]))
        )

    def draw(self) -> None:
        self._program["base"].value = self._base
        self._program["cloth"].value = self._cloth
        self._array.render()

    def draw_shadow(self) -> None:
        self._shadow.render()


def subdivision(triangles: Indices, count: int) -> tuple[sparse.csr_matrix, Indices]:
    """One step of Loop subdivision (C. Loop, 1987) of a mesh with ``count`` vertices.

    Returns the sparse matrix that turns (count, k) values into the finer mesh's, and its triangles.
    """
    corners = [(0, 1, 2), (1, 2, 0), (2, 0, 1)]
    sides = np.vstack([triangles[:, [a, b]] for a, b, _ in corners])
    across = np.concatenate([triangles[:, c] for _, _, c in corners])
    edges, number, times = np.unique(
        np.sort(sides, 1), axis=0, return_inverse=True, return_counts=True
    )
    number = number.ravel()
    inner = times[number] == 2
    middle = sparse.lil_matrix((len(edges), count))
    rows = np.arange(len(edges))
    for end in (0, 1):
        middle[rows, edges[:, end]] = np.where(times == 2, 3 / 8, 1 / 2)
    middle = middle.tocsr() + sparse.csr_matrix(
        (np.full(inner.sum(), 1 / 8), (number[inner], across[inner])), (len(edges), count)
    )
    rim = edges[times == 1]
    on_rim = np.zeros(count, dtype=bool)
    on_rim[rim] = True

    def joined(pairs: Indices) -> sparse.csr_matrix:
        both = np.vstack([pairs, pairs[:, ::-1]])
        return sparse.csr_matrix((np.ones(len(both)), both.T), (count, count))

    around = joined(edges)
    degree = np.maximum(np.asarray(around.sum(1)).ravel(), 1)
    beta = np.where(degree == 3, 3 / 16, 3 / (8 * degree))
    inside = sparse.diags(np.where(on_rim, 0, beta)) @ around
    border = sparse.diags(np.where(on_rim, 1 / 8, 0)) @ joined(rim)
    own = sparse.diags(np.where(on_rim, 3 / 4, 1 - degree * beta))
    matrix = sparse.vstack([inside + border + own, middle]).tocsr()
    a, b, c = triangles.T
    ab, bc, ca = number.reshape(3, -1) + count
    fine = np.stack([a, ab, ca, b, bc, ab, c, ca, bc, ab, bc, ca], 1).reshape(-1, 3)
    return matrix, fine


def _darken_hollows(color: NDArray[np.uint8], distance: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Darken what lies deeper than its surroundings (Luft et al., "Image Enhancement by Unsharp
    Masking the Depth Buffer", 2006), as little light of a room reaches it.

    Takes premultiplied RGBA, returns BGRA that is not.
    """
    result = np.zeros_like(color)
    left, top, width, height = cv2.boundingRect(np.ascontiguousarray(color[..., 3]))
    if not width:
        return result
    part = np.s_[top : top + height, left : left + width]
    color, distance = color[part], np.ascontiguousarray(distance[part])
    cover = color[..., 3:].astype(np.float32) / 255
    alpha = np.ascontiguousarray(cover[..., 0])
    shade = np.zeros_like(alpha)
    for sigma, strength in ((4.0, 16.0), (12.0, 9.0)):
        mean = cv2.GaussianBlur(distance, (0, 0), sigma)
        weight = cv2.GaussianBlur(alpha, (0, 0), sigma)
        shade += strength * np.maximum(distance - alpha * mean / np.maximum(weight, 1e-3), 0)
    bright = np.exp(-np.minimum(shade, 1.0))[..., None] / np.maximum(cover, 1 / 255)
    result[part][..., :3] = np.clip(color[..., 2::-1] * bright, 0, 255)
    result[part][..., 3] = color[..., 3]
    return result


def _light_matrix(direction: Array, joints: Array) -> Array:
    """Orthographic projection along a lamp's rays around the hand."""
    side = _unit(np.cross(direction, [0.0, 0.0, 1.0] if abs(direction[2]) < 0.9 else [1.0, 0, 0]))
    axes = np.stack([side, np.cross(direction, side), -direction])
    matrix = np.eye(4)
    reach = 0.16
    matrix[:3, :3] = axes / [[reach], [reach], [0.5]]
    matrix[:3, 3] = -matrix[:3, :3] @ joints.mean(0)
    return matrix


def _unit(vector: Array | Rgb) -> Array:
    array = np.asarray(vector, dtype=float)
    return np.asarray(array / np.linalg.norm(array))


def _bytes(values: Array) -> bytes:
    return np.ascontiguousarray(values, dtype=np.float32).tobytes()
