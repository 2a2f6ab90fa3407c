"""The slow renderer: Blender's path tracer (Cycles) on the CPU, through its Python module ``bpy``.

The room stands still, so it is traced once; then only the arm is traced, on a transparent film and
inside its bounding box, a few samples a pixel, cleaned by Intel's Open Image Denoise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

# isort: split
# Only importing bpy makes these two known.
import bmesh
import mathutils
import numpy as np

from .arm import Arm, Placed
from .camera import Camera
from .mesh import Array, Indices

Rgb = tuple[float, float, float]
Point = tuple[float, float, float]


@dataclass(frozen=True)
class Lamp:
    """A square area lamp: ``size`` metres wide, ``power`` watts, looking at ``target``."""

    at: Point
    target: Point
    size: float
    power: float
    color: Rgb = (1, 1, 1)


@dataclass(frozen=True)
class Room:
    """What stands behind the hand and what lights it. Colours are linear RGB, 0-1."""

    wall: Rgb
    wood: Rgb
    sofa: Rgb
    window: float  #: brightness of the window, 0 = night
    lamps: Sequence[Lamp]
    ambient: Rgb = (0.9, 0.87, 0.82)
    ambient_strength: float = 0.35
    shelf_x: float = 0.95
    window_x: float = -0.85
    seed: int = 0  #: of the books


STUDY = Room(
    wall=(0.55, 0.53, 0.48),
    wood=(0.22, 0.12, 0.06),
    sofa=(0.25, 0.22, 0.20),
    window=1.1,
    lamps=(
        Lamp((-1.3, -0.9, 1.1), (0, 0.1, 0), 1.0, 26, (1, 0.95, 0.88)),
        Lamp((1.4, -0.4, 0.6), (0, 0.1, 0), 1.2, 8, (0.85, 0.92, 1)),
        Lamp((0.2, 1.2, 1.6), (0, 1.9, -0.2), 1.0, 30, (1, 0.95, 0.9)),
        Lamp((0, 0.9, 1.2), (0, 0, 0), 0.6, 7),
    ),
)
EVENING = Room(
    wall=(0.16, 0.24, 0.27),
    wood=(0.45, 0.33, 0.20),
    sofa=(0.30, 0.09, 0.06),
    window=0.06,
    lamps=(
        Lamp((1.1, -0.8, 0.9), (0, 0.1, 0), 0.7, 40, (1, 0.82, 0.62)),
        Lamp((-1.3, -0.5, 0.2), (0, 0.1, 0), 1.0, 18, (0.65, 0.80, 1)),
        Lamp((-0.9, 1.6, 1.2), (-0.9, 2.3, -0.3), 0.5, 24, (1, 0.75, 0.5)),
        Lamp((0.5, 0.8, 1.0), (0, 0, 0), 0.6, 9, (1, 0.9, 0.8)),
    ),
    ambient=(0.80, 0.86, 1.0),
    ambient_strength=0.45,
    shelf_x=-1.0,
    window_x=0.95,
    seed=7,
)


@dataclass(frozen=True)
class Quality:
    """Samples a pixel for the arm and for the room; subsurface scattering costs a third more."""

    samples: int = 3
    room_samples: int = 24
    scattering: bool = False
    threads: int = 0  #: 0 = all cores


@dataclass(frozen=True)
class Colors:
    """Linear RGB, 0-1."""

    skin: Rgb = (0.62, 0.36, 0.25)
    sleeve: Rgb = (0.07, 0.10, 0.17)


class Scene:
    """One room, one arm, one camera. There can be only one at a time: Blender's state is global."""

    def __init__(
        self,
        arm: Arm,
        camera: Camera,
        room: Room,
        colors: Colors = Colors(),
        quality: Quality = Quality(),
    ) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.arm, self.camera, self._quality = arm, camera, quality
        scene = self._scene = bpy.context.scene
        scene.render.engine = "CYCLES"
        scene.render.resolution_x, scene.render.resolution_y = camera.width, camera.height
        scene.render.image_settings.file_format = "PNG"
        scene.render.image_settings.compression = 5  # per cent: quick
        scene.render.use_persistent_data = True
        if quality.threads:
            scene.render.threads_mode = "FIXED"
            scene.render.threads = quality.threads
        scene.view_settings.view_transform = "Standard"
        cycles = scene.cycles
        cycles.device = "CPU"
        cycles.use_denoising = True
        cycles.denoiser = "OPENIMAGEDENOISE"
        cycles.denoising_prefilter = "FAST"
        cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 4, 2, 2
        self._room: list[Any] = []
        self._build_room(room)
        self._build_camera()
        self._hand = self._build_skin(colors.skin)
        self._sleeve = self._build_sleeve(colors.sleeve)
        self._ambient = (*room.ambient, 1.0), room.ambient_strength

    def render_room(self, path: Path) -> None:
        """Write the room without the arm, blurred as behind a near subject, as PNG (RGB)."""
        self._hand.hide_render = self._sleeve.hide_render = True
        for thing in self._room:
            thing.hide_render = False
        self._scene.render.film_transparent = False
        self._scene.render.image_settings.color_mode = "RGB"
        self._scene.render.use_border = False
        self._scene.camera.data.dof.use_dof = True
        self._background((0.8, 0.87, 1, 1), 0.25)
        self._write(path, self._quality.room_samples, "HIGH")

    def render_arm(self, placed: Placed, path: Path) -> None:
        """Write the arm alone as PNG (RGBA, alpha not premultiplied)."""
        self._hand.hide_render = self._sleeve.hide_render = False
        for thing in self._room:
            thing.hide_render = True
        render = self._scene.render
        render.film_transparent = True
        render.image_settings.color_mode = "RGBA"
        self._scene.camera.data.dof.use_dof = False
        self._background(*self._ambient)
        for thing, vertices in ((self._hand, placed.skin), (self._sleeve, placed.sleeve)):
            thing.data.vertices.foreach_set("co", vertices.astype(np.float32).ravel())
            thing.data.update()
        points = np.vstack([placed.skin, placed.sleeve])
        pixels = self.camera.project(points[points[:, 1] > 0.05 - self.camera.distance])
        size = np.array([self.camera.width, self.camera.height])
        low = np.clip(pixels.min(0) - 8, 0, size) / size
        high = np.clip(pixels.max(0) + 8, 0, size) / size
        render.use_border, render.use_crop_to_border = True, False
        render.border_min_x, render.border_max_x = float(low[0]), float(high[0])
        render.border_min_y, render.border_max_y = float(1 - high[1]), float(1 - low[1])
        self._write(path, self._quality.samples, "FAST")

    def _write(self, path: Path, samples: int, denoising: str) -> None:
        self._scene.cycles.samples = samples
        self._scene.cycles.denoising_quality = denoising
        self._scene.render.filepath = str(path)
        bpy.ops.render.render(write_still=True)

    def _background(self, color: tuple[float, float, float, float], strength: float) -> None:
        node = self._scene.world.node_tree.nodes["Background"]
        node.inputs["Color"].default_value = color
        node.inputs["Strength"].default_value = strength

    def _build_camera(self) -> None:
        data = bpy.data.cameras.new("camera")
        data.sensor_width = 6.0
        data.lens = 6.0 * self.camera.focal / self.camera.width
        data.clip_start = 0.01
        data.dof.focus_distance = self.camera.distance
        data.dof.aperture_fstop = 0.25
        thing = bpy.data.objects.new("camera", data)
        thing.location = (0, -self.camera.distance, 0)
        thing.rotation_euler = (np.pi / 2, 0, 0)
        self._scene.collection.objects.link(thing)
        self._scene.camera = thing

    def _build_room(self, room: Room) -> None:
        world = bpy.data.worlds.new("world")
        world.use_nodes = True
        self._scene.world = world
        for lamp in room.lamps:
            data = bpy.data.lights.new("lamp", "AREA")
            data.size, data.energy, data.color = lamp.size, lamp.power, lamp.color
            thing = bpy.data.objects.new("lamp", data)
            thing.location = lamp.at
            ray = mathutils.Vector(lamp.target) - mathutils.Vector(lamp.at)
            thing.rotation_euler = ray.to_track_quat("-Z", "Y").to_euler()
            self._scene.collection.objects.link(thing)

        wall = _material(room.wall, 0.9)
        self._box((0, 2.6, 0), (8, 0.1, 5), wall)
        self._box((-3.2, 0, 0), (0.1, 8, 5), wall)
        self._box((3.2, 0, 0), (0.1, 8, 5), wall)
        self._box((0, 0, -1.15), (8, 8, 0.1), _material((0.25, 0.16, 0.10), 0.5))

        wood, x = _material(room.wood, 0.5), room.shelf_x
        rng = np.random.default_rng(room.seed)
        for side in (-0.65, 0.65):
            self._box((x + side, 2.35, 0), (0.03, 0.3, 1.9), wood)
        for z in (-0.25, 0.15, 0.55):
            self._box((x, 2.35, z), (1.3, 0.3, 0.03), wood)
            place = x - 0.59
            while place < x + 0.55:
                width, height = rng.uniform(0.03, 0.07), rng.uniform(0.2, 0.32)
                if rng.random() < 0.85:
                    cover = _material(tuple(rng.uniform(0.03, 0.5, 3)), 0.7)
                    at = (place + width / 2, 2.3, z + 0.015 + height / 2)
                    self._box(at, (width * 0.92, 0.2, height), cover)
                place += width

        pane = _material((0.5, 0.6, 0.7), 0.2)
        shader = pane.node_tree.nodes["Principled BSDF"]
        shader.inputs["Emission Color"].default_value = (0.75, 0.86, 1, 1)
        shader.inputs["Emission Strength"].default_value = room.window
        self._box((room.window_x, 2.54, 0.35), (0.75, 0.03, 0.95), _material((0.8, 0.8, 0.8), 0.4))
        self._box((room.window_x, 2.52, 0.35), (0.65, 0.03, 0.85), pane)

        sofa, x = _material(room.sofa, 0.9), -0.5 * np.sign(room.shelf_x)
        self._box((x, 1.9, -0.75), (1.8, 0.7, 0.45), sofa, bevel=0.08)
        self._box((x, 2.2, -0.45), (1.8, 0.22, 0.6), sofa, bevel=0.09)

    def _box(self, at: Point, size: Point, material: Any, bevel: float = 0.005) -> None:
        bpy.ops.mesh.primitive_cube_add(size=1, location=at)
        thing = bpy.context.object
        thing.scale = size
        thing.data.materials.append(material)
        thing.modifiers.new("bevel", "BEVEL").width = bevel
        self._room.append(thing)

    def _build_skin(self, color: Rgb) -> Any:
        arm = self.arm
        faces = _quads(arm.rest, arm.hand_triangles) + arm.forearm_quads.tolist()
        thing = self._surface("arm", arm.rest, faces)
        grow = thing.modifiers.new("grow", "DISPLACE")  # subdivision shrinks the fingers a little
        grow.strength, grow.mid_level = 0.0009, 0
        details = arm.details
        for name, values in (
            ("rest", arm.rest),
            ("tint", details.tint),
            ("nail", details.nail),
            ("wrist", details.wrist_mm),
            ("finger", details.finger_mm),
            ("dorsal", details.dorsal),
            ("palm", details.palm),
        ):
            vector = values.ndim == 2
            column = thing.data.attributes.new(name, "FLOAT_VECTOR" if vector else "FLOAT", "POINT")
            column.data.foreach_set(
                "vector" if vector else "value", values.astype(np.float32).ravel()
            )
        thing.data.materials.append(_skin(color, self._quality.scattering))
        return thing

    def _build_sleeve(self, color: Rgb) -> Any:
        thing = self._surface("sleeve", self.arm.sleeve_rest, self.arm.sleeve_quads.tolist())
        cloth = _material(color, 0.9)
        graph = _Graph(cloth.node_tree)
        graph.bump(graph.noise(60, 2), 0.5, 0.004)
        thing.data.materials.append(cloth)
        return thing

    def _surface(self, name: str, vertices: Array, faces: list[list[int]]) -> Any:
        data = bpy.data.meshes.new(name)
        flip = np.array([-1 if self.arm.left else 1, 1, 1])
        data.from_pydata((vertices * flip).tolist(), [], faces)
        mesh = bmesh.new()
        mesh.from_mesh(data)
        bmesh.ops.recalc_face_normals(mesh, faces=mesh.faces[:])
        mesh.to_mesh(data)
        mesh.free()
        data.polygons.foreach_set("use_smooth", [True] * len(data.polygons))
        thing = bpy.data.objects.new(name, data)
        self._scene.collection.objects.link(thing)
        thing.modifiers.new("smooth", "SUBSURF").render_levels = 2
        return thing


def _quads(vertices: Array, triangles: Indices) -> list[list[int]]:
    """Join triangles to quads where they are flat enough: those subdivide more smoothly."""
    data = bpy.data.meshes.new("triangles")
    data.from_pydata(vertices.tolist(), [], triangles.tolist())
    mesh = bmesh.new()
    mesh.from_mesh(data)
    bmesh.ops.join_triangles(
        mesh,
        faces=mesh.faces[:],
        angle_face_threshold=np.radians(40),
        angle_shape_threshold=np.radians(50),
    )
    faces = [[corner.index for corner in face.verts] for face in mesh.faces]
    mesh.free()
    bpy.data.meshes.remove(data)
    return faces


def _material(color: Sequence[float], roughness: float) -> Any:
    material = bpy.data.materials.new("material")
    material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*color, 1)
    shader.inputs["Roughness"].default_value = roughness
    return material


class _Graph:
    """Writes shader nodes as arithmetic: sockets and numbers in, a socket out."""

    def __init__(self, tree: Any) -> None:
        self._nodes, self._links = tree.nodes, tree.links
        self.shader = tree.nodes["Principled BSDF"]

    def node(self, kind: str, **settings: Any) -> Any:
        node = self._nodes.new(f"ShaderNode{kind}")
        for name, value in settings.items():
            setattr(node, name, value)
        return node

    def set(self, socket: Any, value: Any) -> None:
        if isinstance(value, tuple):
            socket.default_value = (*value, 1)
        elif isinstance(value, (int, float)):
            socket.default_value = value
        else:
            self._links.new(value, socket)

    def attribute(self, name: str) -> Any:
        """The node: ``Fac`` for numbers, ``Vector`` for triples."""
        return self.node("Attribute", attribute_name=name)

    def parts(self, name: str) -> list[Any]:
        split = self.node("SeparateXYZ")
        self.set(split.inputs[0], self.attribute(name).outputs["Vector"])
        return list(split.outputs)

    def noise(self, scale: float, detail: float) -> Any:
        node = self.node("TexNoise")
        node.inputs["Scale"].default_value = scale
        node.inputs["Detail"].default_value = detail
        self.set(node.inputs["Vector"], self.attribute("rest").outputs["Vector"])
        return node.outputs["Fac"]

    def math(self, operation: str, a: Any, b: Any = 0.0, clamp: bool = False) -> Any:
        node = self.node("Math", operation=operation, use_clamp=clamp)
        self.set(node.inputs[0], a)
        self.set(node.inputs[1], b)
        return node.outputs[0]

    def add(self, a: Any, b: Any) -> Any:
        return self.math("ADD", a, b)

    def subtract(self, a: Any, b: Any, clamp: bool = False) -> Any:
        return self.math("SUBTRACT", a, b, clamp)

    def multiply(self, a: Any, b: Any, clamp: bool = False) -> Any:
        return self.math("MULTIPLY", a, b, clamp)

    def most(self, values: Sequence[Any]) -> Any:
        result = values[0]
        for value in values[1:]:
            result = self.math("MAXIMUM", result, value)
        return result

    def mix(self, share: Any, a: Any, b: Any) -> Any:
        node = self.node("Mix", data_type="RGBA")
        for socket, value in zip((0, 6, 7), (share, a, b), strict=True):
            self.set(node.inputs[socket], value)
        return node.outputs[2]

    def bump(self, height: Any, strength: float, distance: float) -> None:
        node = self.node("Bump")
        node.inputs["Strength"].default_value = strength
        node.inputs["Distance"].default_value = distance
        self.set(node.inputs["Height"], height)
        self.set(self.shader.inputs["Normal"], node.outputs["Normal"])


def _skin(base: Rgb, scattering: bool) -> Any:
    """Skin: redder palms, tips and knuckles, blotches, creases at the joints and in the palm,
    nails, pores."""
    material = _material(base, 0.48)
    graph = _Graph(material.node_tree)
    shader = graph.shader
    shader.inputs["Subsurface Weight"].default_value = float(scattering)
    shader.inputs["Subsurface Radius"].default_value = (1.0, 0.35, 0.2)
    shader.inputs["Subsurface Scale"].default_value = 0.006
    shader.inputs["Specular IOR Level"].default_value = 0.35

    def tone(red: float, green: float, blue: float, add: float = 0.0) -> Rgb:
        r, g, b = np.clip(np.multiply(base, (red, green, blue)) + add, 0, 1).tolist()
        return r, g, b

    red, pale, dark = tone(1, 0.6, 0.55), tone(1.08, 1.1, 1.1), tone(0.55, 0.36, 0.30)
    color = graph.mix(graph.attribute("tint").outputs["Fac"], base, red)
    blotches = graph.multiply(graph.subtract(graph.noise(55, 3), 0.35, clamp=True), 1.1, clamp=True)
    color = graph.mix(blotches, color, graph.mix(0.35, color, red))
    grain = graph.multiply(graph.subtract(graph.noise(320, 4), 0.45, clamp=True), 1.2, clamp=True)
    color = graph.mix(grain, color, graph.mix(0.3, color, pale))
    creases = _creases(graph)
    color = graph.mix(graph.multiply(creases, 0.6), color, dark)

    across, along, facing = graph.parts("nail")
    corner = graph.add(
        graph.math("POWER", graph.math("ABSOLUTE", across), 3.0),
        graph.math("POWER", graph.math("ABSOLUTE", along), 3.0),
    )
    nail = graph.multiply(
        graph.multiply(graph.subtract(1.0, corner), 8.0, clamp=True), facing, clamp=True
    )
    free_edge = graph.multiply(graph.subtract(along, 0.62), 6.0, clamp=True)
    plate = graph.mix(free_edge, tone(1.1, 1.02, 1.02, 0.03), tone(0.6, 0.6, 0.6, 0.38))
    graph.set(shader.inputs["Base Color"], graph.mix(nail, color, plate))
    rough = graph.add(0.42, graph.multiply(graph.noise(400, 2), 0.2))
    graph.set(shader.inputs["Roughness"], graph.subtract(rough, graph.multiply(nail, 0.25)))

    pores = graph.node("TexVoronoi")
    pores.inputs["Scale"].default_value = 650
    graph.set(pores.inputs["Vector"], graph.attribute("rest").outputs["Vector"])
    height = graph.add(
        graph.multiply(pores.outputs["Distance"], 0.25), graph.multiply(graph.noise(150, 5), 0.8)
    )
    height = graph.multiply(height, graph.subtract(1.0, nail))
    height = graph.add(height, graph.multiply(nail, 1.6))
    graph.bump(graph.subtract(height, graph.multiply(creases, 1.6)), 0.55, 0.0009)
    return material


def _creases(graph: _Graph) -> Any:
    """0-1: the lines of the finger joints, of the palm and of the wrist."""
    second, third, first = graph.parts("finger")
    x, _, z = graph.parts("wrist")
    dorsal = graph.attribute("dorsal").outputs["Fac"]
    wobble = graph.multiply(graph.subtract(graph.noise(140, 3), 0.5), 3.2)

    def line(value: Any, where: float, width: float, depth: float) -> Any:
        away = graph.math("ABSOLUTE", graph.subtract(graph.add(value, wobble), where))
        near = graph.subtract(1.0, graph.math("DIVIDE", away, width), clamp=True)
        return graph.multiply(near, depth)

    def arc(
        start: tuple[float, float],
        over: tuple[float, float],
        end: tuple[float, float],
        depth: float,
        width: float = 1.1,
    ) -> Any:
        """A line of the palm: the circle through three points (mm), between the outer two."""
        a, b, c = (np.array(point, dtype=float) for point in (start, over, end))
        equations = 2 * np.array([b - a, c - a])
        center = np.linalg.solve(equations, [b @ b - a @ a, c @ c - a @ a])
        radius = float(np.linalg.norm(a - center))
        dx = graph.subtract(x, float(center[0]))
        dz = graph.subtract(z, float(center[1]))
        ring = graph.math("SQRT", graph.add(graph.multiply(dx, dx), graph.multiply(dz, dz)))
        half = float(np.linalg.norm(c - a)) / 2 * 1.02
        ux, uz = ((c - a) / (2 * half)).tolist()
        mx, mz = ((a + c) / 2).tolist()
        along = graph.add(
            graph.multiply(graph.subtract(x, mx), ux), graph.multiply(graph.subtract(z, mz), uz)
        )
        between = graph.multiply(
            graph.subtract(half, graph.math("ABSOLUTE", along)), 0.15, clamp=True
        )
        ox, oz = ((b - center) / radius).tolist()
        this_side = graph.math("ADD", graph.multiply(dx, ox), graph.multiply(dz, oz), clamp=True)
        stroke = graph.multiply(line(ring, radius, width, depth), between)
        return graph.multiply(stroke, this_side)

    inside = graph.most(
        [
            line(second, -1.2, 1.0, 0.8),
            line(second, 1.5, 0.9, 0.6),
            line(third, 0.5, 1.0, 0.75),
            line(first, -1.5, 1.0, 0.7),
            line(first, 1.2, 0.8, 0.4),
        ]
    )
    knuckles = ((-4.5, 0.3), (-2.2, 0.5), (0, 0.6), (2.4, 0.5), (4.8, 0.3))
    outside = graph.most(
        [line(second, where, 0.7, depth) for where, depth in knuckles]
        + [line(third, where, 0.6, 0.45) for where in (-1.6, 0.2, 1.9)]
    )
    palm = graph.most(
        [
            arc((-38, 73), (0, 36), (-6, 16), 0.85, 1.3),
            arc((-38, 74), (-2, 64), (27, 44), 0.75),
            arc((40, 60), (14, 64), (-9, 81), 0.8),
            arc((12, 24), (8, 48), (2, 62), 0.3),
            line(z, 1.0, 1.0, 0.7),
            line(z, -6.0, 0.9, 0.45),
        ]
    )
    inner = graph.multiply(graph.subtract(-0.15, dorsal), 3.0, clamp=True)
    outer = graph.multiply(graph.subtract(dorsal, 0.25), 3.0, clamp=True)
    return graph.most(
        [
            graph.multiply(inside, inner),
            graph.multiply(outside, outer),
            graph.multiply(palm, graph.attribute("palm").outputs["Fac"]),
        ]
    )
