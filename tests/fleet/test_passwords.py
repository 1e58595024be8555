"""Argon2id, and the rules for new passwords."""

import argon2
import pytest

from edgeguard.errors import ConfigError
from edgeguard.fleet import passwords
from tests.fleet.web import PASSWORD, password_hash


def test_only_the_password_fits_its_hash():
    assert passwords.fits(password_hash(), PASSWORD)
    assert not passwords.fits(password_hash(), PASSWORD + "!")
    assert not passwords.fits("no hash at all", PASSWORD)


def test_the_hash_is_argon2id_with_the_parameters_of_rfc_9106():
    parameters = argon2.extract_parameters(password_hash())
    low_memory = argon2.profiles.RFC_9106_LOW_MEMORY
    assert (parameters.type, parameters.memory_cost, parameters.time_cost) == (
        argon2.Type.ID,
        low_memory.memory_cost,
        low_memory.time_cost,
    )


def test_a_hash_of_weaker_parameters_is_outgrown():
    assert passwords.outgrown(argon2.PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD))
    assert not passwords.outgrown(password_hash())


def test_for_a_name_that_nobody_has_as_much_is_computed_as_for_a_wrong_password(monkeypatch):
    passwords.fits(None, "")  # makes its hash once
    verify, checked = argon2.PasswordHasher.verify, []

    def watched(hasher, known, password):
        checked.append(argon2.extract_parameters(known))
        return verify(hasher, known, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", watched)
    for known in (None, password_hash()):
        assert not passwords.fits(known, "wrong horse battery staple")
    nobodys, somebodys = checked
    assert nobodys == somebodys


def test_letters_that_look_alike_are_the_same_password():
    composed, decomposed = "caf\u00e9 caf\u00e9 caf\u00e9", "cafe\u0301 cafe\u0301 cafe\u0301"
    assert passwords.fits(passwords.hashed(composed), decomposed)


@pytest.mark.parametrize(
    "password", ["elevenchars", "a" * 1001, "Ada.Lovelace", " ada.lovelace ", "ada.lovelaceADA.LOVELACE"]
)
def test_passwords_that_are_refused(password):
    with pytest.raises(ConfigError, match="choose"):
        passwords.check_rules(password, "ada.lovelace")


@pytest.mark.parametrize(
    "password", ["twelve chars", "aaaaaaaaaaaa", "ada.lovelace loves numbers", "пароль подлиннее", "a" * 1000]
)
def test_passwords_that_are_taken(password):
    passwords.check_rules(password, "ada.lovelace")
