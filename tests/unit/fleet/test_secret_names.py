"""Names of secrets, and names that only look alike."""

import pytest

from edgeops.fleet.secret_names import is_key, is_pin, may_be_secret, says_password, says_secret

SECRETS = """
password passwd pwd pass psk passphrase DB_PASSWORD DB_PASS DBPASS SAPASSWORD MSSQL_SA_PASSWORD
dbPassword userPWD MQTT_PWD mqtt.pass wifi-psk passwordValue DB_PASSWORD_2 secret client-secret
clientSecret token INFLUX_TOKEN apiToken apiKey apikey X_API_KEY AppKey APP_KEY AppSKey NwkSKey
FNwkSIntKey NwkSEncKey STORAGE_KEY AccountKey SharedAccessKey LogAnalyticsSharedKey privateKey
enrollmentGroupSaskey AUTH_CODE authCode Kestrel__Certificates__Default__Password
"""
ALIKE = """
keyboard KEY_COUNT passThrough bypass compass tokenizer keepVersions primaryKeyColumn passengers
pinout monkey hotkey donkey TOPIC_KEY routingKey partitionKey primaryKey foreignKey key keys
bandPass lowpass firstPass trespass overpass PASSWORD_FILE SECRET_PATH secretName
imagePullSecret tokenExpiry maxTokens tokens tokenType pass_count passRate keyId apiKeyHeader
passwordEnv author code postcode authCodeUrl secretariat pin pinCode x _ 1 é
"""


@pytest.mark.parametrize(
    "name",
    SECRETS.split(),
)
def test_names_of_secrets(name):
    assert says_secret(name)
    assert may_be_secret(name)


@pytest.mark.parametrize(
    "name",
    ALIKE.split(),
)
def test_names_that_only_look_alike(name):
    assert not says_secret(name)


def test_numbers_are_secrets_only_where_nothing_else_is_meant():
    assert [says_password(name) for name in ("DB_PASSWORD", "psk", "token", "pass")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert [is_pin("pin", value) for value in (17, "4", 1234, "123456")] == [
        False, False, True, True,
    ]  # fmt: skip
    assert not is_pin("pinout", 1234)


def test_a_random_text_makes_any_key_a_secret():
    assert is_key("TRAINING_KEY", "0bdca2dca9bd4756b48f3e3f1fe136bf")
    assert is_key("primaryKey", "Vw4czhkWni1r/QcfmYEog3FT9TVe8lv2p7pI8iiViyM=")
    assert not is_key("routingKey", "sensors.temperature.kitchen.1")
    assert not is_key("keyword", "0bdca2dca9bd4756b48f3e3f1fe136bf")
