import pytest

from paddlevideo.solver.schedules import PolynomialDecay
from paddlevideo.utils.errors import InputError
from paddlevideo.utils.registry import SCHEDULES


def test_polynomial_follows_the_paper() -> None:
    schedule = PolynomialDecay(7e-4, power=0.9, total_steps=101_000)
    assert schedule(0) == 7e-4
    assert schedule(50_000) == pytest.approx(7e-4 * (51 / 101) ** 0.9)
    assert schedule(100_999) > 0


def test_past_the_last_step_the_rate_stays_at_its_end() -> None:
    schedule = PolynomialDecay(1.0, total_steps=10, end=0.1)
    assert schedule(10) == schedule(11) == schedule(10_000) == pytest.approx(0.1)
    assert PolynomialDecay(1.0, total_steps=10)(12) == 0.0


def test_warm_up_rises_in_equal_steps_to_the_base() -> None:
    schedule = PolynomialDecay(0.4, total_steps=20, warmup_steps=4)
    assert [schedule(step) for step in range(5)] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.4])
    assert schedule(5) < 0.4


def test_with_power_0_the_rate_stays_after_the_warm_up() -> None:
    schedule = PolynomialDecay(2.0, power=0, total_steps=100, warmup_steps=2)
    assert [schedule(step) for step in (0, 1, 2, 99, 100, 101)] == [1.0, 2.0, 2.0, 2.0, 2.0, 2.0]


@pytest.mark.parametrize("arguments", [{"base": 0}, {"base": 1, "total_steps": 0}, {"base": 1, "warmup_steps": -1}])
def test_impossible_arguments_are_named(arguments: dict) -> None:
    with pytest.raises(InputError, match="learning_rate"):
        SCHEDULES.build({"name": "PolynomialDecay", **arguments})
