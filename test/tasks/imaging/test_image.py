"""Images: validation, letterbox and crop, and the mapping back to source pixels."""

from __future__ import annotations

import array

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from opendr_perception.tasks.imaging.image import CHANNELS, MAX_SIDE, Image, Letterbox, crop_resize, letterbox, to_bgr

FROM_BGR = {
    "mono8": cv2.COLOR_BGR2GRAY,
    "rgb8": cv2.COLOR_BGR2RGB,
    "bgra8": cv2.COLOR_BGR2BGRA,
    "rgba8": cv2.COLOR_BGR2RGBA,
}


def encode(bgr: npt.NDArray[np.uint8], encoding: str) -> Image:
    return Image(bgr if encoding == "bgr8" else cv2.cvtColor(bgr, FROM_BGR[encoding]), encoding)


def scene(height: int = 60, width: int = 80, grey: bool = False) -> npt.NDArray[np.uint8]:
    random = np.random.default_rng(7)
    pixels = random.integers(0, 256, (height, width, 1 if grey else 3), np.uint8)
    return np.repeat(pixels, 3, axis=2) if grey else pixels


def dot(height: int, width: int, x: float, y: float, side: int) -> Image:
    """A white square of an odd side, whose centre is the centre of a pixel: (x, y) ends in .5."""
    pixels = np.zeros((height, width), np.uint8)
    left, top = round(x - side / 2), round(y - side / 2)
    pixels[top : top + side, left : left + side] = 255
    return Image(pixels, "mono8")


def to_canvas(mapping: Letterbox, xy: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The opposite of `to_source`, by the definition of the mapping."""
    pairs = np.reshape(xy, (*np.shape(xy)[:-1], -1, 2))
    return (pairs * mapping.scale + mapping.offset).reshape(np.shape(xy))


def centroid(canvas: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Centre of mass (x, y) of the brightness, in continuous pixels."""
    weights = canvas.astype(float).sum(axis=2)
    assert weights.sum() > 0, "the dot is lost"
    ys, xs = np.mgrid[: canvas.shape[0], : canvas.shape[1]] + 0.5
    return np.array([(xs * weights).sum(), (ys * weights).sum()]) / weights.sum()


@pytest.mark.parametrize("encoding", CHANNELS)
def test_image_knows_its_size(encoding: str) -> None:
    image = Image(np.zeros((2, 3, CHANNELS[encoding]), np.uint8), encoding)
    assert (image.height, image.width) == (2, 3)


@pytest.mark.parametrize(
    ("pixels", "encoding", "message"),
    [
        (np.zeros((4, 4, 3), np.uint8), "yuv422", "unsupported encoding 'yuv422'"),
        (np.zeros((4, 4, 3), np.float32), "bgr8", "must be uint8, not float32"),
        (np.zeros((4, 4), np.uint8), "bgr8", r"\(height, width, 3\), not \(4, 4\)"),
        (np.zeros((4, 4, 4), np.uint8), "rgb8", r"\(height, width, 3\), not \(4, 4, 4\)"),
        (np.zeros((4, 4, 3), np.uint8), "mono8", r"\(height, width, 1\)"),
        (np.zeros(4, np.uint8), "mono8", r"not \(4,\)"),
        (np.zeros((1, 4, 4, 3), np.uint8), "bgr8", r"not \(1, 4, 4, 3\)"),
        (np.zeros((0, 4, 3), np.uint8), "bgr8", "not 4x0"),
        (np.zeros((4, 0), np.uint8), "mono8", "not 0x4"),
        (np.zeros((1, MAX_SIDE + 1), np.uint8), "mono8", f"not {MAX_SIDE + 1}x1"),
    ],
)
def test_image_refuses_pixels_that_do_not_fit(pixels: npt.NDArray[np.uint8], encoding: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Image(pixels, encoding)


@pytest.mark.parametrize("encoding", CHANNELS)
@pytest.mark.parametrize("buffer", [bytes, bytearray, lambda data: array.array("B", data)])
def test_from_buffer_views_padded_rows(encoding: str, buffer: type) -> None:
    expected = encode(scene(5, 7), encoding).pixels.reshape(5, -1)
    padded = np.pad(expected, ((0, 0), (0, 6)), constant_values=99)
    data = buffer(padded.tobytes() + b"more")

    image = Image.from_buffer(data, 5, 7, padded.shape[1], encoding)

    np.testing.assert_array_equal(image.pixels.reshape(5, -1), expected)
    assert np.shares_memory(image.pixels, np.frombuffer(data, np.uint8))


@pytest.mark.parametrize(
    ("data", "height", "width", "step", "encoding", "message"),
    [
        (bytes(11), 2, 2, 6, "bgr8", "truncated: 11 bytes instead of 2 rows of 6"),
        (b"", 2, 2, 6, "bgr8", "truncated: 0 bytes"),
        (bytes(12), 2, 2, 5, "bgr8", "more than the step of 5"),
        (b"", 0, 0, 0, "bgr8", "not 0x0"),
        (bytes(12), 2, 0, 6, "bgr8", "not 0x2"),
        (bytes(12), 2, 2, 6, "32FC1", "unsupported encoding '32FC1'"),
    ],
)
def test_from_buffer_refuses_what_is_not_an_image(
    data: bytes, height: int, width: int, step: int, encoding: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Image.from_buffer(data, height, width, step, encoding)


def test_letterbox_maps_points_and_boxes_there_and_back() -> None:
    _, mapping = letterbox(Image(scene(1080, 1920), "bgr8"), (416, 320))
    points = np.array([[0, 0], [1920, 1080], [13.25, 977.5]])
    boxes = np.array([[[0, 0, 1920, 1080]], [[5, 6, 7, 8]]])

    np.testing.assert_allclose(mapping.to_source(to_canvas(mapping, points)), points, atol=1e-2)
    np.testing.assert_allclose(mapping.to_source(to_canvas(mapping, boxes)), boxes, atol=1e-2)
    assert mapping.to_source(np.empty((0, 4))).shape == (0, 4)
    np.testing.assert_allclose(to_canvas(mapping, [0, 0, 1920, 1080]), [0, 118, 320, 298])
    with pytest.raises(ValueError, match="reshape"):
        mapping.to_source(np.zeros((4, 3)))


def test_letterbox_keeps_the_aspect_and_fills_the_borders() -> None:
    canvas, mapping = letterbox(Image(np.full((50, 100, 3), 200, np.uint8), "bgr8"), (64, 64), fill=114)
    assert (canvas[16:48] == 200).all()
    assert (canvas[:16] == 114).all()
    assert (canvas[48:] == 114).all()
    assert mapping == Letterbox((0.64, 0.64), (0, 16))


@pytest.mark.parametrize("source", [(2160, 3840), (481, 641), (1000, 37), (30, 40), (7, 5)])
@pytest.mark.parametrize("size", [(416, 416), (192, 256)])
def test_letterbox_puts_a_dot_where_the_mapping_says(source: tuple[int, int], size: tuple[int, int]) -> None:
    height, width = source
    side = 2 * (max(height // size[0], width // size[1]) // 2) + 1  # at least one pixel of the canvas
    for x, y in [(width // 2 + 0.5, height // 2 + 0.5), (width - side - 0.5, side + 0.5)]:
        canvas, mapping = letterbox(dot(height, width, x, y, side), size)
        np.testing.assert_allclose(centroid(canvas), to_canvas(mapping, [x, y]), atol=0.5)


@pytest.mark.parametrize("order", ["bgr", "rgb"])
@pytest.mark.parametrize("encoding", CHANNELS)
def test_all_encodings_give_the_same_canvas(encoding: str, order: str) -> None:
    bgr = scene(grey=encoding == "mono8")
    box = (-5.5, 3.25, 50.5, 59.25)
    expected, _ = letterbox(Image(bgr, "bgr8"), (32, 48))
    expected_crop, _ = crop_resize(Image(bgr, "bgr8"), box, (40, 40))
    if order == "rgb":
        expected, expected_crop = expected[..., ::-1], expected_crop[..., ::-1]

    image = encode(bgr, encoding)
    np.testing.assert_array_equal(letterbox(image, (32, 48), order)[0], expected)
    np.testing.assert_array_equal(crop_resize(image, box, (40, 40), order)[0], expected_crop)
    np.testing.assert_array_equal(to_bgr(image), bgr)


@pytest.mark.parametrize("encoding", CHANNELS)
def test_padded_rows_and_trailing_axis_change_nothing(encoding: str) -> None:
    tight = encode(scene(grey=True), encoding)
    rows = tight.pixels.reshape(60, -1)
    padded = np.pad(rows, ((0, 0), (0, 5)), constant_values=255).tobytes()
    image = Image.from_buffer(padded, 60, 80, rows.shape[1] + 5, encoding)

    np.testing.assert_array_equal(letterbox(image, (50, 50))[0], letterbox(tight, (50, 50))[0])
    np.testing.assert_array_equal(
        crop_resize(image, (3, 4, 50, 51), (32, 32))[0], crop_resize(tight, (3, 4, 50, 51), (32, 32))[0]
    )
    np.testing.assert_array_equal(to_bgr(image), to_bgr(tight))


@pytest.mark.parametrize("encoding", CHANNELS)
@pytest.mark.parametrize("order", ["bgr", "rgb"])
def test_out_fills_one_row_of_a_batch(encoding: str, order: str) -> None:
    image = encode(scene(), encoding)
    batch = np.full((3, 32, 32, 3), 77, np.uint8)

    letterbox(image, (32, 32), order, out=batch[0])
    crop_resize(image, (0, 0, 60, 60), (32, 32), order, out=batch[2])

    np.testing.assert_array_equal(batch[0], letterbox(image, (32, 32), order)[0])
    assert (batch[1] == 77).all()
    np.testing.assert_array_equal(batch[2], crop_resize(image, (0, 0, 60, 60), (32, 32), order)[0])


@pytest.mark.parametrize(
    "out",
    [np.empty((32, 31, 3), np.uint8), np.empty((32, 32, 3), np.float32), np.empty((32, 32, 6), np.uint8)[..., ::2]],
)
def test_out_of_another_shape_is_refused(out: npt.NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="out must be a contiguous uint8 array"):
        letterbox(Image(scene(), "bgr8"), (32, 32), out=out)


@pytest.mark.parametrize("size", [(0, 32), (32, -1), (MAX_SIDE + 1, 1)])
def test_a_canvas_without_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="a canvas must have"):
        crop_resize(Image(scene(), "bgr8"), (0, 0, 1, 1), size)


def test_a_crop_of_the_same_size_is_the_source() -> None:
    pixels = scene()
    canvas, mapping = crop_resize(Image(pixels, "bgr8"), (10, 20, 42, 52), (32, 32))
    np.testing.assert_array_equal(canvas, pixels[20:52, 10:42])
    assert mapping == Letterbox((1, 1), (-10, -20))


def test_a_crop_is_black_outside_of_the_image() -> None:
    white = Image(np.full((40, 40, 3), 255, np.uint8), "bgr8")
    canvas, mapping = crop_resize(white, (-20, 10, 20, 50), (80, 80))
    assert (canvas[:59, 41:] == 255).all()
    assert (canvas[:, :39] == 0).all()
    assert (canvas[61:] == 0).all()
    np.testing.assert_allclose(mapping.to_source([40, 60]), [0, 40])


@pytest.mark.parametrize("box", [(100, 100, 120, 120), (-1e7, -1e7, -1e7 + 100, -1e7 + 100)])
def test_a_crop_beside_the_image_is_black(box: tuple[float, ...]) -> None:
    assert not crop_resize(Image(np.full((40, 40), 255, np.uint8), "mono8"), box, (16, 16))[0].any()


@pytest.mark.parametrize("side", [20.0, 63.7, 256.0, 1500.0])
@pytest.mark.parametrize("size", [64, 256])
def test_crop_puts_a_dot_where_the_mapping_says(side: float, size: int) -> None:
    x, y = 300.5, 170.5
    image = dot(480, 640, x, y, 2 * (int(side) // size) + 1)
    box = (x - 0.3 * side, y - 0.6 * side, x + 0.7 * side, y + 0.4 * side)

    canvas, mapping = crop_resize(image, box, (size, size))

    np.testing.assert_allclose(to_canvas(mapping, [x, y]), [0.3 * size, 0.6 * size], rtol=1e-5)
    np.testing.assert_allclose(centroid(canvas), [0.3 * size, 0.6 * size], atol=0.5)
    np.testing.assert_allclose(mapping.to_source([0, 0, size, size]), box, atol=1e-3)


@pytest.mark.parametrize("box", [(0, 0, 0, 10), (10, 0, 5, 10), (float("nan"), 0, 1, 1), (0, 0, float("inf"), 1)])
def test_an_empty_crop_is_refused(box: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="cannot crop the box"):
        crop_resize(Image(scene(), "bgr8"), box, (8, 8))


@pytest.mark.parametrize("shape", [(1, 1), (1, MAX_SIDE), (MAX_SIDE, 1), (3000, 8000)])
def test_the_smallest_and_the_largest_images_work(shape: tuple[int, int]) -> None:
    image = Image(np.full(shape, 200, np.uint8), "mono8")
    canvas, mapping = letterbox(image, (64, 64))
    left, top, right, bottom = to_canvas(mapping, [0, 0, image.width, image.height])
    assert (canvas[int(top) : int(bottom), int(left) : int(right)] == 200).all()
    assert (right - left) * (bottom - top) >= 64

    whole, _ = crop_resize(image, (0, 0, image.width, image.height), (64, 64))
    assert whole.max() == 200


def test_to_bgr_is_an_independent_copy() -> None:
    data = scene().tobytes()
    copy = to_bgr(Image.from_buffer(data, 60, 80, 240, "bgr8"))
    copy[:] = 0
    assert copy.flags.c_contiguous
    assert np.frombuffer(data, np.uint8).any()
