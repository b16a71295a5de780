"""What people do in the wallet and around it: log-ins, shopping, games, friends, rides."""

from __future__ import annotations

from jobs.contracts.feeds.fields import (EVENT_AT, EVENT_DATE, USER_ID, amount, code, identifier,
                                         record_id)
from jobs.contracts.table import Field, Table

LOGINS = Table(
    name="logins", meaning="Sessions in the wallet: when, how long, on which device.",
    grain="one session", key=("session_id",), owner="wallet team", source="wallet sessions",
    partition="delivery_date", mandatory=False, purpose="service_data",
    fields=(
        record_id("session_id", "session"), USER_ID, EVENT_AT,
        Field("online_seconds", "integer", "s", "Time online.", minimum=0, maximum=86_400),
        identifier("device_id", "The device.", nullable=True),
    ))

SHOPPING = Table(
    name="shopping", meaning="Orders in the shops of the wallet's partners.",
    grain="one order", key=("order_id",), owner="commerce team", source="partner shops",
    partition="delivery_date", mandatory=False, purpose="shopping_data",
    fields=(
        record_id("order_id", "order"), USER_ID, EVENT_AT,
        amount("amount_minor", "Paid for the order."),
        code("category", "What was bought.",
             ("groceries", "clothing", "electronics", "home", "baby", "health", "travel",
              "leisure", "luxury", "other")),
        Field("is_returned", "boolean", "true/false", "Whether it was sent back."),
    ))

VIRTUAL_PROPERTY = Table(
    name="virtual_property",
    meaning="What a user owns in the games and channels of the group: tells of spare money.",
    grain="one user, kind and day", key=("user_id", "kind", "event_date"), owner="games team",
    source="game accounts", partition="delivery_date", mandatory=False, purpose="service_data",
    fields=(
        USER_ID, EVENT_DATE,
        code("kind", "What it is.", ("game_items", "membership", "live_gifts", "music")),
        amount("value_minor", "Worth at its list price."),
    ))

SOCIAL_EDGES = Table(
    name="social_edges", meaning="Who deals with whom: directed and weighted, one week each.",
    grain="one user, friend and week", key=("user_id", "friend_user_id", "event_date"),
    owner="social team", source="messages and red packets, counted", partition="delivery_date",
    mandatory=False, purpose="social_data",
    every_days=7,
    fields=(
        USER_ID,
        Field("friend_user_id", "string", "id as delivered", "The person dealt with."),
        EVENT_DATE,
        Field("contacts", "integer", "contacts", "How often in the week.", minimum=1,
              maximum=100_000),
    ))

RIDES = Table(
    name="rides",
    meaning="Ride-hailing trips between coarse cells of about a square kilometre; no coordinates.",
    grain="one trip", key=("ride_id",), owner="mobility partner", source="ride-hailing partner",
    partition="delivery_date", mandatory=False, purpose="location_tracks",
    fields=(
        record_id("ride_id", "trip"), USER_ID, EVENT_AT,
        Field("from_cell", "string", "cell", "Where it began."),
        Field("to_cell", "string", "cell", "Where it ended."),
        Field("distance_m", "integer", "m", "Length.", minimum=0, maximum=1_000_000),
        amount("fare_minor", "Paid for the trip."),
    ))
