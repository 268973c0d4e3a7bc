"""`twin token create`, `list` and `revoke`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import Folder, Json
from api.commands.output import emit, table

if TYPE_CHECKING:
    from twin.tokens import Token

Scope = Annotated[
    list[str],
    typer.Option(help="What it allows: sta:read, sta:write, alerts:write, run or admin (may be repeated)."),
]
Days = Annotated[float | None, typer.Option(help="Days until it expires; 0 for never.")]


def register(app: typer.Typer) -> None:
    commands = typer.Typer(help="Tokens with which programs may write to a city.", no_args_is_help=True)
    commands.command()(create)
    commands.command("list")(list_)
    commands.command()(revoke)
    app.add_typer(commands, name="token")


def create(
    folder: Folder,
    scope: Scope,
    name: Annotated[str, typer.Option(help="For whom or what it is.")] = "",
    days: Days = 365,
    as_json: Json = False,
) -> None:
    """Make a token and print it, this once, on the last line."""
    from twin import tokens
    from twin.store import open_city

    open_city(folder).close()
    text = tokens.create(folder, scope, name or scope[0], days or None)
    made = tokens.list_(folder)[-1]
    data = {"id": made.id, "name": made.name, "scopes": made.scopes, "token": text}
    ends = f"until {made.expires_at:%Y-%m-%d}" if made.expires_at else "without end"
    lines = [f"token {made.id} ({made.name}): {', '.join(made.scopes)}, {ends}; it is shown only now", text]
    emit(data, as_json, iter(lines))


def list_(folder: Folder, as_json: Json = False) -> None:
    """List the tokens of a city; their texts are not kept."""
    from twin import tokens

    known = tokens.list_(folder)
    data = {
        "tokens": [
            {
                "id": token.id,
                "name": token.name,
                "scopes": token.scopes,
                "created_at": token.created_at.isoformat(),
                "expires_at": token.expires_at.isoformat() if token.expires_at else None,
                "revoked_at": token.revoked_at.isoformat() if token.revoked_at else None,
                "valid": token.valid,
            }
            for token in known
        ]
    }
    rows = [(token.id, token.name, ", ".join(token.scopes), _state(token)) for token in known]
    emit(data, as_json, table(rows) if rows else iter(["no tokens"]))


def revoke(
    folder: Folder, id: Annotated[int, typer.Argument(help="The token's number in `twin token list`.")]
) -> None:
    """End a token; a running server heeds it within seconds."""
    from twin import tokens

    tokens.revoke(folder, id)
    print(f"token {id} is revoked")


def _state(token: Token) -> str:
    if token.revoked_at is not None:
        return f"revoked {token.revoked_at:%Y-%m-%d}"
    if token.expires_at is None:
        return "valid without end"
    return f"{'valid until' if token.valid else 'expired'} {token.expires_at:%Y-%m-%d}"
