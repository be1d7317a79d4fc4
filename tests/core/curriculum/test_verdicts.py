"""What is said of the families is true of the table of facts."""

import pytest

from core import backbones
from core.curriculum import verdicts
from core.curriculum.verdicts import VERDICTS, Claim

CLAIMS = {
    said.text: said
    for verdict in VERDICTS.values()
    for said in (*verdict.strengths, *verdict.weaknesses)
    if isinstance(said, Claim)
}


@pytest.mark.parametrize("text", CLAIMS)
def test_a_claim_about_size_speed_or_accuracy_holds(text: str):
    assert CLAIMS[text].check()


def test_every_family_with_pretrained_weights_has_a_verdict():
    assert set(VERDICTS) == {backbones.get(name).family for name in backbones.pretrained_names()}
    assert verdicts.of("EfficientNetLite0") is VERDICTS["EfficientNet"]
    assert verdicts.of("ResNet20") is None


@pytest.mark.parametrize("family", VERDICTS)
def test_no_figure_is_said_without_a_check(family: str):
    for said in (*VERDICTS[family].strengths, *VERDICTS[family].weaknesses):
        if not isinstance(said, Claim):
            assert "%" not in said and " M " not in said and " points" not in said


def test_a_claim_can_be_false():
    assert not Claim("MobileNet is the largest.", lambda: backbones.get("MobileNet").params > 1e9).check()
    assert verdicts.text("plain") == "plain"
    assert verdicts.text(Claim("checked", lambda: True)) == "checked"
