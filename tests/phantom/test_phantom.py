"""Synthetic images: what they promise of mask, scale, field and determinism.

Small fields at 0.2 to 0.5 mm per pixel, so that each image takes milliseconds.
"""

import numpy as np
import pytest
from orientation_phantom import make_orientation_phantom

from pipeline.phantom.phantom import make_phantom
from pipeline.phantom.phantom_cine import make_phantom_cine
from pipeline.phantom.phantom_lesion import Lesion
from pipeline.phantom.phantom_speckle import draw_scatterers

SMALL = (80, 100)
ROUND = Lesion(center_mm=(12.0, 20.0), semi_axes_mm=(6.0, 6.0), outline="round")


def _get_ring(phantom, inner_mm, outer_mm):
    """Select the field between two distances outside the only lesion of a phantom."""
    x0, y0, x1, y1 = phantom.box
    distance = phantom.lesions[0].distance_mm((y1 - y0 + 1, x1 - x0 + 1), phantom.mm_per_pixel)
    return (distance > inner_mm) & (distance < outer_mm)


class TestPhantom:
    def test_same_seed_gives_same_bytes(self):
        options = {"shape": SMALL, "border": True, "text": True, "ticks": True, "calipers": True}
        first, second = make_phantom(7, **options), make_phantom(7, **options)
        assert first.image.tobytes() == second.image.tobytes()
        assert first.label.tobytes() == second.label.tobytes()

    def test_global_random_state_neither_matters_nor_changes(self):
        np.random.seed(1)
        first = make_phantom(7, shape=SMALL)
        drawn = np.random.random()
        np.random.seed(1)
        assert np.random.random() == drawn
        assert np.array_equal(make_phantom(7, shape=SMALL).image, first.image)

    def test_other_seed_gives_other_image(self):
        assert not np.array_equal(
            make_phantom(1, shape=SMALL).image, make_phantom(2, shape=SMALL).image
        )

    def test_image_and_label_have_the_promised_shape_and_dtype(self):
        phantom = make_phantom(0, shape=(64, 90), pathology="benign")
        assert phantom.image.shape == phantom.label.shape == (64, 90)
        assert (phantom.image.dtype, phantom.label.dtype) == (np.uint8, np.bool_)

    @pytest.mark.parametrize("mm_per_pixel", [0.1, 0.25])
    def test_round_lesion_has_the_area_of_its_circle(self, mm_per_pixel):
        shape = round(30 / mm_per_pixel), round(40 / mm_per_pixel)
        phantom = make_phantom(0, shape=shape, lesions=[ROUND], mm_per_pixel=mm_per_pixel)
        area = phantom.label.sum() * phantom.mm_per_pixel**2
        assert area == pytest.approx(np.pi * 6**2, rel=0.01)

    def test_mask_of_an_ellipse_is_where_its_equation_says(self):
        lesion = Lesion(center_mm=(14.0, 17.0), semi_axes_mm=(4.0, 9.0), tilt=0.0)
        phantom = make_phantom(0, shape=(75, 100), lesions=[lesion], mm_per_pixel=0.4)
        expected = np.zeros((75, 100), dtype=bool)
        for row in range(75):
            for column in range(100):
                y, x = (row + 0.5) * 0.4 - 14, (column + 0.5) * 0.4 - 17
                expected[row, column] = (y / 4) ** 2 + (x / 9) ** 2 < 1
        assert np.array_equal(phantom.label, expected)

    def test_tilt_turns_from_down_to_the_right(self):
        lesion = Lesion(center_mm=(15.0, 15.0), semi_axes_mm=(9.0, 2.0), tilt=np.pi / 4)
        label = make_phantom(0, shape=(75, 75), lesions=[lesion], mm_per_pixel=0.4).label
        assert label[50, 50]
        assert not label[50, 24]

    def test_mask_moves_with_the_field(self):
        phantom = make_phantom(0, shape=(120, 160), lesions=[ROUND], mm_per_pixel=0.35, border=True)
        x0, y0, x1, y1 = phantom.box
        center = np.argwhere(phantom.label).mean(axis=0)
        assert center == pytest.approx([y0 + 12 / 0.35 - 0.5, x0 + 20 / 0.35 - 0.5], abs=0.5)
        assert not phantom.label[:y0].any()
        assert not phantom.label[y1 + 1 :].any()
        assert not phantom.label[:, x1 + 1 :].any()

    def test_border_is_black_and_the_field_is_not(self):
        phantom = make_phantom(3, shape=(120, 160), border=True)
        x0, y0, x1, y1 = phantom.box
        outside = np.ones((120, 160), dtype=bool)
        outside[y0 : y1 + 1, x0 : x1 + 1] = False
        assert 0 < x0 < x1 < 159
        assert 0 < y0 < y1 < 119
        assert not phantom.image[outside].any()
        assert phantom.image[y0, x0 : x1 + 1].mean() > 60

    def test_without_border_the_field_is_the_whole_image(self):
        assert make_phantom(3, shape=SMALL).box == (0, 0, 99, 79)

    def test_drawn_scale_gives_the_field_a_depth_of_30_to_50_mm(self):
        for seed in range(5):
            phantom = make_phantom(seed, shape=SMALL, border=True)
            depth = (phantom.box[3] - phantom.box[1] + 1) * phantom.mm_per_pixel
            assert 30 <= depth <= 50

    @pytest.mark.parametrize("option", ["text", "ticks", "calipers"])
    def test_marks_change_only_few_pixels_and_not_the_mask(self, option):
        options = {"shape": SMALL, "lesions": [ROUND], "border": True, "mm_per_pixel": 0.45}
        plain, marked = make_phantom(0, **options), make_phantom(0, **options, **{option: True})
        changed = plain.image != marked.image
        assert 0 < changed.mean() < 0.2
        assert np.array_equal(plain.label, marked.label)

    def test_ticks_are_5_mm_apart(self):
        options = {"shape": (100, 120), "mm_per_pixel": 0.25, "pathology": "normal"}
        changed = make_phantom(0, **options, ticks=True).image[:, -1] == 235
        assert np.flatnonzero(changed).tolist() == [0, 20, 40, 60, 80]

    def test_calipers_reach_to_the_margin(self):
        options = {"shape": (150, 200), "mm_per_pixel": 0.2, "lesions": [ROUND]}
        plain, marked = make_phantom(0, **options), make_phantom(0, **options, calipers=True)
        rows, columns = np.nonzero(plain.image != marked.image)
        distance = np.hypot((rows + 0.5) * 0.2 - 12, (columns + 0.5) * 0.2 - 20)
        assert distance.max() == pytest.approx(6 + 2 * 0.2, abs=0.3)

    @pytest.mark.parametrize(("echo", "factor"), [("anechoic", 0.25), ("hypoechoic", 0.7)])
    def test_lesion_is_darker_than_its_surroundings(self, echo, factor):
        for seed in range(5):
            lesion = Lesion(center_mm=(14.0, 20.0), semi_axes_mm=(4.0, 4.0), echo=echo)
            phantom = make_phantom(seed, shape=(150, 200), lesions=[lesion], mm_per_pixel=0.2)
            around = phantom.image[_get_ring(phantom, 1, 4)].mean()
            assert phantom.image[phantom.label].mean() < factor * around

    @pytest.mark.parametrize(("posterior", "sign"), [("shadow", -1), ("enhancement", 1)])
    def test_echo_behind_a_lesion_changes(self, posterior, sign):
        images = {}
        for name in ("none", posterior):
            lesion = Lesion((12.0, 20.0), (4.0, 5.0), echo="hypoechoic", posterior=name)
            phantom = make_phantom(0, shape=(150, 200), lesions=[lesion], mm_per_pixel=0.2)
            images[name] = phantom.image.astype(float)
        behind = np.s_[90:110, 90:110]
        assert sign * (images[posterior][behind] - images["none"][behind]).mean() > 5
        assert np.array_equal(images[posterior][:38], images["none"][:38])

    @pytest.mark.parametrize("pathology", ["benign", "malignant"])
    def test_drawn_lesions_lie_inside_the_field(self, pathology):
        for seed in range(20):
            label = make_phantom(seed, shape=(40, 50), pathology=pathology).label
            assert 0.005 < label.mean() < 0.3
            assert not label[[0, -1]].any()
            assert not label[:, [0, -1]].any()

    def test_normal_has_no_lesion(self):
        phantom = make_phantom(0, shape=SMALL, pathology="normal")
        assert (phantom.pathology, phantom.lesions, phantom.label.any()) == ("normal", (), False)

    def test_pathology_is_drawn_and_true(self):
        drawn = [make_phantom(seed, shape=(32, 40)) for seed in range(30)]
        assert {phantom.pathology for phantom in drawn} == {"benign", "malignant", "normal"}
        assert all(p.label.any() == (p.pathology != "normal") for p in drawn)

    def test_two_lesions_do_not_touch(self):
        from skimage.measure import label

        for seed in range(10):
            phantom = make_phantom(seed, shape=SMALL, pathology="benign", lesion_count=2)
            assert label(phantom.label).max() == len(phantom.lesions) == 2

    @pytest.mark.parametrize("outline", ["round", "oval", "lobulated", "spiculated"])
    def test_margin_points_are_at_distance_zero(self, outline):
        lesion = Lesion((15.0, 20.0), (5.0, 7.0), tilt=0.3, outline=outline, seed=4)
        margin = lesion.margin_mm()
        rows, columns = (margin / 0.04 - 0.5).round().astype(int).T
        distance = lesion.distance_mm((750, 1000), 0.04)[rows, columns]
        assert np.abs(distance).max() < 0.15

    def test_isolated_speckle_is_rayleigh_distributed(self):
        envelope = np.abs(draw_scatterers(np.random.default_rng(0), (300, 300)))
        assert envelope.mean() / envelope.std() == pytest.approx(1.913, abs=0.02)

    @pytest.mark.parametrize(
        "options",
        [
            {"shape": (15, 100)},
            {"lesion_count": 3},
            {"lesion_count": 1, "pathology": "normal"},
            {"mm_per_pixel": 0.0},
            {"lesions": [ROUND], "pathology": "normal"},
            {"lesions": [], "pathology": "benign"},
            {"lesions": [ROUND], "lesion_count": 1},
        ],
    )
    def test_contradictory_arguments_are_refused(self, options):
        with pytest.raises(ValueError, match="expected"):
            make_phantom(0, **options)

    def test_lesion_without_extent_is_refused(self):
        with pytest.raises(ValueError, match="semi_axes_mm"):
            Lesion((1.0, 1.0), (0.0, 1.0))


class TestOrientationPhantom:
    @pytest.mark.parametrize("size", [(48, 80), (60, 60), (12, 12)])
    def test_no_turn_or_mirror_leaves_it_unchanged(self, size):
        image, label = make_orientation_phantom(*size)
        for array in (image, label):
            turned = [np.rot90(array, k) for k in range(1, 4)]
            mirrored = [np.rot90(array.T, k) for k in range(4)]
            assert not any(np.array_equal(array, other) for other in turned + mirrored)

    def test_no_shift_leaves_it_unchanged(self):
        image, label = make_orientation_phantom()
        for shift in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            assert not np.array_equal(np.roll(image, shift, (0, 1)), image)
            assert not np.array_equal(np.roll(label, shift, (0, 1)), label)

    def test_bright_rectangle_is_the_label(self):
        image, label = make_orientation_phantom(48, 80)
        assert image.shape == (48, 80)
        assert np.array_equal(image > 150, label)
        assert np.argwhere(label).min(axis=0).tolist() == [8, 20]
        assert np.argwhere(label).max(axis=0).tolist() == [16, 39]

    def test_too_small_is_refused(self):
        with pytest.raises(ValueError, match="12"):
            make_orientation_phantom(11, 40)


class TestPhantomCine:
    def test_lesion_grows_shrinks_and_drifts_to_the_left(self):
        cine = make_phantom_cine(0, frames=7, shape=(60, 90), mm_per_pixel=0.5)
        areas = cine.labels.sum(axis=(1, 2))
        centers = [np.argwhere(label)[:, 1].mean() for label in cine.labels[1:-1]]
        assert areas[0] == areas[-1] == 0
        assert areas.argmax() == 3
        assert np.all(np.diff(centers) < 0)
        assert [lesion is not None for lesion in cine.lesions] == (areas > 0).tolist()

    def test_tissue_stays_in_place_under_the_probe(self):
        cine = make_phantom_cine(0, frames=3, shape=(60, 80), pathology="normal")
        skin, moved = cine.images[0][:2, 10:].astype(float), cine.images[1][:2, :-10].astype(float)
        assert np.corrcoef(skin.ravel(), moved.ravel())[0, 1] > 0.9

    def test_same_seed_gives_same_bytes(self):
        first, second = (make_phantom_cine(5, frames=2, shape=(40, 50)) for _ in range(2))
        assert first.images.tobytes() == second.images.tobytes()

    def test_normal_has_no_lesion(self):
        cine = make_phantom_cine(0, frames=2, shape=(40, 50), pathology="normal")
        assert (cine.pathology, cine.labels.any()) == ("normal", False)

    def test_single_frame_shows_the_whole_lesion(self):
        assert make_phantom_cine(0, frames=1, shape=(40, 50)).labels[0].any()

    @pytest.mark.parametrize("options", [{"frames": 0}, {"shape": (8, 80)}, {"mm_per_pixel": -1.0}])
    def test_arguments_out_of_range_are_refused(self, options):
        with pytest.raises(ValueError, match="expected"):
            make_phantom_cine(0, **options)
