"""Where a postal address lies, as far as its time zone: by country, and by state where it has many.

Pure tables. A state that is divided has all the zones it may be in. Sources: United States, 49 CFR
part 71; Canada, the provinces' time acts; Mexico, Ley de los Husos Horarios en los Estados Unidos
Mexicanos of 2022; Brazil, Lei 12.876 of 2013; Australia, the states' standard time acts; countries
of one zone, phonenumbers' table. Of zones that have kept one clock since 1990 the one is named that
phonenumbers names for the numbers there. Postal codes and cities are not read.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location

from phonenumbers import SUPPORTED_REGIONS, country_code_for_region
from phonenumbers.tzdata import TIMEZONE_DATA

COUNTRY_NAMES = frozenset({"country", "country_code", "pais", "país", "land", "pays", "nation"})
"""Attributes that hold a country, as the columns of files are named."""
STATE_NAMES = frozenset(
    {"state", "state_code", "province", "state_province", "region", "estado", "provincia", "uf"}
)
"""Attributes that hold a state or province."""

NAMES = COUNTRY_NAMES | STATE_NAMES

_LONGEST = 60

# Code and name of each state, by country and the zones they share.
_STATES: Mapping[str, Mapping[tuple[str, ...], str]] = {
    "US": {
        ("America/New_York",): "CT Connecticut, DE Delaware, DC District of Columbia, GA Georgia,"
        " ME Maine, MD Maryland, MA Massachusetts, NH New Hampshire, NJ New Jersey, NY New York,"
        " NC North Carolina, OH Ohio, PA Pennsylvania, RI Rhode Island, SC South Carolina,"
        " VT Vermont, VA Virginia, WV West Virginia",
        ("America/New_York", "America/Chicago"): "FL Florida, IN Indiana, KY Kentucky, MI Michigan,"
        " TN Tennessee",
        ("America/Chicago",): "AL Alabama, AR Arkansas, IL Illinois, IA Iowa, LA Louisiana,"
        " MN Minnesota, MS Mississippi, MO Missouri, OK Oklahoma, WI Wisconsin",
        ("America/Chicago", "America/Denver"): "KS Kansas, NE Nebraska, ND North Dakota,"
        " SD South Dakota, TX Texas",
        ("America/Denver",): "CO Colorado, MT Montana, NM New Mexico, UT Utah, WY Wyoming",
        # The Navajo Nation keeps summer time, the rest of Arizona none.
        ("America/Phoenix", "America/Denver"): "AZ Arizona",
        ("America/Los_Angeles", "America/Boise"): "ID Idaho, OR Oregon",
        ("America/Los_Angeles", "America/Denver"): "NV Nevada",
        ("America/Los_Angeles",): "CA California, WA Washington",
        ("America/Anchorage", "America/Adak"): "AK Alaska",
        ("Pacific/Honolulu",): "HI Hawaii",
        ("America/Puerto_Rico",): "PR Puerto Rico",
        ("America/St_Thomas",): "VI Virgin Islands",
        ("Pacific/Guam",): "GU Guam",
        ("Pacific/Saipan",): "MP Northern Mariana Islands",
        ("Pacific/Pago_Pago",): "AS American Samoa",
    },
    "CA": {
        ("America/St_Johns", "America/Halifax"): "NL Newfoundland and Labrador",
        ("America/Halifax",): "NS Nova Scotia, NB New Brunswick, PE Prince Edward Island",
        ("America/Toronto", "America/Halifax"): "QC Quebec",
        ("America/Toronto", "America/Winnipeg"): "ON Ontario",
        ("America/Winnipeg",): "MB Manitoba",
        ("America/Regina", "America/Edmonton"): "SK Saskatchewan",
        ("America/Edmonton",): "AB Alberta, NT Northwest Territories",
        ("America/Vancouver", "America/Edmonton", "America/Fort_Nelson"): "BC British Columbia",
        ("America/Whitehorse",): "YT Yukon",
        ("America/Toronto", "America/Winnipeg", "America/Edmonton"): "NU Nunavut",
    },
    "MX": {
        ("America/Mexico_City",): "AGU Aguascalientes, CAM Campeche, CHP Chiapas,"
        " CMX Ciudad de Mexico, COL Colima, DUR Durango, GUA Guanajuato, GRO Guerrero, HID Hidalgo,"
        " JAL Jalisco, MEX Estado de Mexico, MIC Michoacan, MOR Morelos, OAX Oaxaca, PUE Puebla,"
        " QUE Queretaro, SLP San Luis Potosi, TAB Tabasco, TLA Tlaxcala, VER Veracruz, YUC Yucatan,"
        " ZAC Zacatecas",
        ("America/Mexico_City", "America/Matamoros"): "COA Coahuila, NLE Nuevo Leon,"
        " TAM Tamaulipas",
        ("America/Mexico_City", "America/Ciudad_Juarez", "America/Ojinaga"): "CHH Chihuahua",
        ("America/Mazatlan",): "BCS Baja California Sur, SIN Sinaloa",
        ("America/Mazatlan", "America/Mexico_City"): "NAY Nayarit",
        ("America/Hermosillo",): "SON Sonora",
        ("America/Tijuana",): "BCN Baja California",
        ("America/Cancun",): "ROO Quintana Roo",
    },
    "BR": {
        ("America/Sao_Paulo",): "AL Alagoas, AP Amapa, BA Bahia, CE Ceara, DF Distrito Federal,"
        " ES Espirito Santo, GO Goias, MA Maranhao, MG Minas Gerais, PA Para, PB Paraiba,"
        " PI Piaui, PR Parana, RJ Rio de Janeiro, RN Rio Grande do Norte, RS Rio Grande do Sul,"
        " SC Santa Catarina, SE Sergipe, SP Sao Paulo, TO Tocantins",
        ("America/Sao_Paulo", "America/Noronha"): "PE Pernambuco",
        ("America/Manaus",): "MT Mato Grosso, MS Mato Grosso do Sul, RO Rondonia, RR Roraima",
        ("America/Manaus", "America/Rio_Branco"): "AM Amazonas",
        ("America/Rio_Branco",): "AC Acre",
    },
    "AU": {
        ("Australia/Sydney", "Australia/Adelaide", "Australia/Lord_Howe"): "NSW New South Wales",
        ("Australia/Sydney",): "VIC Victoria, TAS Tasmania, ACT Australian Capital Territory",
        ("Australia/Brisbane",): "QLD Queensland",
        ("Australia/Adelaide",): "SA South Australia",
        ("Australia/Darwin",): "NT Northern Territory",
        ("Australia/Perth", "Australia/Eucla"): "WA Western Australia",
    },
}
_OTHER_NAMES = {"usa": "US", "uk": "GB", "united states of america": "US", "england": "GB"}


def zones_at(
    attributes: Mapping[str, object], *, country: str | None, otherwise: tuple[str, ...]
) -> tuple[str, ...]:
    """The zones of somebody with these attributes; `otherwise` where their address does not tell.

    Args:
        attributes: under `COUNTRY_NAMES` and `STATE_NAMES` where they live.
        country: ISO 3166, of their number: where they live when the attributes name no country.
        otherwise: the zones of their number. They choose among those of a divided state.
    """
    places = [attributes[name] for name in attributes if name in STATE_NAMES]
    named = [attributes[name] for name in attributes if name in COUNTRY_NAMES]
    if not places and not named:
        return otherwise
    home = _first_country(named) if any(named) else country
    found = next((zones for place in places if (zones := _of_state(home, str(place)))), ())
    found = found or (_of_country(home) if home is not None and any(named) else ())
    return tuple(zone for zone in otherwise if zone in found) or found or otherwise


def _first_country(names: list[object]) -> str | None:
    return next((found for name in names if (found := country_named(str(name)))), None)


@lru_cache(maxsize=4096)
def is_country(code: str) -> bool:
    """Is it ISO 3166, two capitals, of a country with telephone numbers?"""
    return code in SUPPORTED_REGIONS


def country_named(text: str) -> str | None:
    """A country's ISO 3166 code from that code or a name of the country in any language."""
    plain = _plain(text[:_LONGEST])
    if plain.upper() in SUPPORTED_REGIONS:
        return plain.upper()
    return _OTHER_NAMES.get(plain) or _country_names().get(plain)


@lru_cache(maxsize=4096)
def _of_state(country: str | None, text: str) -> tuple[str, ...]:
    """The zones of a state or province, by its code or name; none where it is not known."""
    return _states().get((country or "", _plain(text[:_LONGEST])), ())


@cache
def _of_country(country: str) -> tuple[str, ...]:
    """The zone of a country that has one alone."""
    zones = TIMEZONE_DATA.get(str(country_code_for_region(country)), ())
    return zones if len(zones) == 1 else ()


@cache
def _states() -> Mapping[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for country, by_zones in _STATES.items():
        for zones, states in by_zones.items():
            for state in states.split(", "):
                code, _, name = state.partition(" ")
                found[country, _plain(code)] = found[country, _plain(name)] = zones
    return found


@cache
def _country_names() -> Mapping[str, str]:
    # A name in some language that starts with an asterisk refers to another language's.
    return {
        _plain(name): region
        for region, names in _names_by_region().items()
        for name in names.values()
        if not name.startswith("*") and region in SUPPORTED_REGIONS
    }


def _names_by_region() -> Mapping[str, Mapping[str, str]]:
    """phonenumbers' names of each country, by language.

    Its package around them reads where every prefix of every country lies: 120 megabytes and a
    second of every process that imports it. So this one file of it is read alone.
    """
    package = find_spec("phonenumbers")
    roots = package.submodule_search_locations if package is not None else None
    if not roots:
        raise ImportError("phonenumbers is not installed as a package")
    spec = spec_from_file_location("phonenumbers.geodata.locale", f"{roots[0]}/geodata/locale.py")
    if spec is None or spec.loader is None:
        raise ImportError("phonenumbers has no names of countries")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.LOCALE_DATA


def _plain(text: str) -> str:
    """Without accents, points and case: what people mean by it."""
    bare = unicodedata.normalize("NFKD", text)
    kept = "".join(char for char in bare if not unicodedata.combining(char) and char != ".")
    return " ".join(kept.casefold().split())
