"""Each refusal of the hub becomes an error with its kind and message."""

import json

import pytest

from edgeops.hub.errors import Answer, Subject, refusal
from edgeops.hub.port import AlreadyExists, EtagMismatch, HubError, NotFound, Unauthorized
from edgeops.hub.retry import Transient

HUB = "contoso.azure-devices.net"
DEVICE = Subject(HUB, "queen-street-210")
MODULE = Subject(HUB, "queen-street-210", "model_loader")


def answer(status, message="", headers=None):
    return Answer(status, headers or {}, json.dumps({"Message": message}).encode())


@pytest.mark.parametrize(
    ("status", "message", "subject", "kind", "expected"),
    [
        (400, "ErrorCode:ArgumentInvalid;bad key 'a b'", DEVICE, HubError, "bad key 'a b'"),
        (
            401,
            "ErrorCode:IotHubUnauthorized;Unauthorized",
            DEVICE,
            Unauthorized,
            f"hub {HUB} refused the credentials",
        ),
        (
            401,
            "ErrorCode:IotHubUnauthorized;Token has expired",
            DEVICE,
            Unauthorized,
            "have expired",
        ),
        (
            401,
            "ErrorCode:SystemModuleModifyUnauthorizedAccess;Unauthorized to modify reserved module",
            Subject(HUB, "d", "$edgeAgent"),
            HubError,
            "module '$edgeAgent' of device 'd' is a system module",
        ),
        (403, "ErrorCode:IotHubForbidden;no", DEVICE, Unauthorized, "denied access to"),
        (403, "ErrorCode:IotHubQuotaExceeded;full", DEVICE, HubError, "daily message quota"),
        (403, "ErrorCode:OperationNotAvailableInCurrentTier;", DEVICE, HubError, "the tier of hub"),
        (
            403,
            "ErrorCode:DeviceModelMaxPropertiesExceeded;'Properties.Desired' size",
            MODULE,
            HubError,
            "module 'model_loader' of device 'queen-street-210' would be too large",
        ),
        (
            404,
            "ErrorCode:DeviceNotFound;",
            MODULE,
            NotFound,
            "device 'queen-street-210' is not on the hub",
        ),
        (
            404,
            "ErrorCode:ModuleNotFound;",
            MODULE,
            NotFound,
            "module 'model_loader' of device 'queen-street-210' is not on the hub",
        ),
        (409, "ErrorCode:DeviceAlreadyExists;", DEVICE, AlreadyExists, "already exists on the hub"),
        (412, "ErrorCode:PreconditionFailed;etag", DEVICE, EtagMismatch, "another client"),
        (
            413,
            "ErrorCode:TooManyModulesOnDevice;",
            MODULE,
            HubError,
            "reached its limit of modules",
        ),
        (413, "ErrorCode:MessageTooLarge;256 KB", DEVICE, HubError, "too large: 256 KB"),
        (418, "", DEVICE, HubError, "unexpected response for device 'queen-street-210': HTTP 418"),
    ],
)
def test_each_refusal_has_its_kind_and_message(status, message, subject, kind, expected):
    error = refusal(answer(status, message), subject)
    assert type(error) is kind
    assert expected in error.message
    assert error.status == status


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_failures_that_may_pass_are_transient(status):
    failure = refusal(answer(status, "ErrorCode:X;busy"), DEVICE)
    assert isinstance(failure, Transient)
    assert failure.error.status == status
    assert failure.after is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 413, 501])
def test_failures_that_stay_are_not_transient(status):
    assert not isinstance(refusal(answer(status), DEVICE), Transient)


def test_a_deployment_in_progress_may_pass():
    body = "ErrorCode:ApplyConfigurationAlreadyInProgressOnDevice;"
    assert isinstance(refusal(answer(409, body), DEVICE), Transient)


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None)]
)
def test_retry_after_is_read(header, seconds):
    failure = refusal(answer(429, headers={"Retry-After": header}), DEVICE)
    assert isinstance(failure, Transient)
    assert failure.after == seconds


def test_numeric_error_bodies_of_newer_services_are_understood():
    inner = json.dumps({"errorCode": 404010, "message": "Module not found"})
    for body in (inner, json.dumps({"Message": inner})):
        error = refusal(Answer(404, {}, body.encode()), MODULE)
        assert isinstance(error, NotFound)
        assert error.code == "ModuleNotFound"


def test_the_header_names_the_error_when_the_body_does_not():
    error = refusal(Answer(403, {"iothub-errorcode": "IotHubQuotaExceeded"}, b""), DEVICE)
    assert isinstance(error, HubError)
    assert "daily message quota" in error.message


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>bad gateway</html>", b"\xff\xfe", b"[]", b"null", b'"x"', b'{"Message":1}'],
)
def test_garbage_is_an_error_like_any_other(body):
    failure = refusal(Answer(502, {}, body), DEVICE)
    assert isinstance(failure, Transient)
    assert "HTTP 502" in failure.error.message
    assert "<html>" not in failure.error.message


def test_what_the_hub_says_is_one_short_line_without_secrets():
    text = "no\n\nSharedAccessSignature=abc sig=hunter2&se=1 Bearer hunter2 " + "x" * 5000
    error = refusal(answer(400, f"ErrorCode:ArgumentInvalid;{text}"), DEVICE)
    assert isinstance(error, HubError)
    assert "hunter2" not in error.message
    assert "\n" not in error.message
    assert len(error.message) < 400
