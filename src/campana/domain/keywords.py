"""Words by which people say in a message: leave me alone, write again, who are you?

A message means one of them only as a whole: letters, accents, case and punctuation apart, with at
most a word of politeness before or after it. "STOP", "Stop!", "please stop" and "Arrêt." do;
"please don't stop" and "I'll stop by at 5" do not.

Sources. CTIA Messaging Principles and Best Practices (2023) 5.1.3: STOP, END, CANCEL, UNSUBSCRIBE,
QUIT; 47 CFR 64.1200(a)(10): stop, quit, end, revoke, opt out, cancel, unsubscribe; Twilio's default
keywords: STOPALL, OPTOUT, START, UNSTOP, HELP, INFO, and ARRET, AIDE for Canadian French. Twilio's
YES is no START here: it is what people answer to a question. Meta leaves the words to the business.
Those of other languages are the everyday words for the same; a channel says which languages it
speaks, and the words of English are understood everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache


class Keyword(StrEnum):
    """What a whole message may mean."""

    STOP = "stop"
    START = "start"
    HELP = "help"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A keyword that was said, and the language of its word; None where several have it."""

    keyword: Keyword
    language: str | None


LANGUAGES = ("en", "es", "pt", "fr", "de", "it")
"""Those with words of their own here."""

_K = Keyword

WORDS: Mapping[str, Mapping[Keyword, Sequence[str]]] = {
    "en": {
        _K.STOP: (
            "stop", "stop all", "end", "cancel", "unsubscribe", "quit", "revoke", "opt out",
            "stop sms", "unsubscribe me", "opt me out", "remove me", "stop texting me",
            "stop messaging me", "stop calling me", "stop contacting me", "stop writing me",
            "stop sending me messages", "stop the messages", "do not contact me",
            "dont contact me", "do not text me", "dont text me", "take me off your list",
            "take me off the list", "remove me from your list", "no more messages",
        ),
        _K.START: ("start", "unstop", "opt in", "subscribe", "resubscribe"),
        _K.HELP: ("help", "info"),
    },
    "es": {
        _K.STOP: (
            "baja", "alto", "parar", "para", "pare", "detener", "cancelar", "salir",
            "darme de baja", "dar de baja", "dame de baja", "denme de baja", "quiero darme de baja",
            "anular", "no mas mensajes", "no mas", "no me escriban mas", "no me escriba mas",
            "no me contacten mas", "no me llamen mas", "desuscribir", "desuscribirme",
        ),
        _K.START: ("alta", "iniciar", "comenzar", "empezar", "darme de alta", "reanudar"),
        _K.HELP: ("ayuda", "informacion"),
    },
    "pt": {
        _K.STOP: (
            "parar", "pare", "sair", "cancelar", "cancele", "descadastrar", "descadastre",
            "remover", "remova me", "me remova", "nao quero mais", "nao me contate mais",
            "nao me envie mais mensagens", "chega", "anular", "cancelar inscricao",
        ),
        _K.START: ("iniciar", "comecar", "voltar", "inscrever", "recomecar"),
        _K.HELP: ("ajuda", "informacao"),
    },
    "fr": {
        _K.STOP: (
            "arret", "arreter", "arretez", "stop sms", "desabonner", "desabonnement",
            "me desabonner", "desinscrire", "desinscription", "desinscrivez moi", "annuler", "fin",
            "ne me contactez plus", "plus de messages", "resilier", "retirez moi",
        ),
        _K.START: ("debut", "commencer", "reprendre", "reabonner", "me reabonner", "sabonner"),
        _K.HELP: ("aide",),
    },
    "de": {
        _K.STOP: (
            "stopp", "halt", "abmelden", "abmeldung", "abbestellen", "beenden", "ende",
            "kundigen", "austragen", "bitte abmelden", "keine nachrichten mehr",
            "keine sms mehr", "kontaktieren sie mich nicht mehr", "loschen sie mich",
        ),
        _K.START: ("starten", "anmelden", "fortsetzen", "weiter anmelden"),
        _K.HELP: ("hilfe",),
    },
    "it": {
        _K.STOP: (
            "ferma", "fermare", "fermati", "basta", "annulla", "annullare", "disiscrivi",
            "disiscrivimi", "disiscrivermi", "disdici", "cancellami", "rimuovimi", "arresta",
            "non contattatemi piu", "non scrivetemi piu", "fine", "revoca",
        ),
        _K.START: ("inizia", "iniziare", "avvia", "riattiva", "iscrivimi", "riprendi"),
        _K.HELP: ("aiuto",),
    },
}  # fmt: skip

_POLITE = (
    "please", "pls", "plz", "thanks", "thank you", "now", "ok",
    "por favor", "porfavor", "gracias", "ya", "obrigado", "obrigada",
    "svp", "sil vous plait", "sil te plait", "merci",
    "bitte", "danke", "sofort", "per favore", "grazie",
)  # fmt: skip

ANSWERS: Mapping[str, Mapping[Keyword, str]] = {
    "en": {
        _K.STOP: "You are unsubscribed and will get no more messages. Reply START to undo.",
        _K.START: "You are subscribed again. Reply STOP to unsubscribe.",
        _K.HELP: "Reply STOP to get no more messages.",
    },
    "es": {
        _K.STOP: "Te has dado de baja y no recibirás más mensajes. Responde ALTA para volver.",
        _K.START: "Te has dado de alta de nuevo. Responde BAJA para darte de baja.",
        _K.HELP: "Responde BAJA para no recibir más mensajes.",
    },
    "pt": {
        _K.STOP: "Cancelamos o envio e não receberá mais mensagens. Responda INICIAR para voltar.",
        _K.START: "Voltará a receber mensagens. Responda PARAR para cancelar.",
        _K.HELP: "Responda PARAR para não receber mais mensagens.",
    },
    "fr": {
        _K.STOP: "Vous êtes désabonné, vous ne recevrez plus rien. Répondez DEBUT pour revenir.",
        _K.START: "Vous êtes de nouveau abonné. Répondez ARRET pour vous désabonner.",
        _K.HELP: "Répondez ARRET pour ne plus recevoir de messages.",
    },
    "de": {
        _K.STOP: "Sie sind abgemeldet und erhalten nichts mehr. Mit STARTEN wieder anmelden.",
        _K.START: "Sie sind wieder angemeldet. Mit STOPP abmelden.",
        _K.HELP: "Antworten Sie STOPP, um keine Nachrichten mehr zu erhalten.",
    },
    "it": {
        _K.STOP: "Non riceverà più messaggi. Risponda INIZIA per riceverli di nuovo.",
        _K.START: "Riceverà di nuovo i messaggi. Risponda FERMA per non riceverli più.",
        _K.HELP: "Risponda FERMA per non ricevere più messaggi.",
    },
}
"""What is answered where a channel says nothing else."""

_LONGEST = 200
"""Characters of a message that may still be one of these words."""


def heard(text: str, *, languages: Sequence[str] = LANGUAGES) -> Heard | None:
    """Which keyword the message is, if it is one; English is always understood."""
    if len(text) > _LONGEST:
        return None
    words = _folded(text)
    for candidate in (words, _unpolite(words)):
        found = _table(tuple(languages)).get(candidate.replace(" ", ""))
        if found is not None:
            return found
    return None


def answer(keyword: Keyword, *, language: str | None) -> str:
    """The text to answer with, in that language or else in English."""
    return ANSWERS.get(language or "", ANSWERS["en"])[keyword]


def first_words(text: str) -> str:
    """What a person wrote in an e-mail, above what they answer to: its first line with words."""
    for line in text.splitlines():
        if line.lstrip().startswith(">"):
            break
        if line.strip():
            return line.strip()
    return ""


def _folded(text: str) -> str:
    """Small letters without accents, apostrophes or punctuation, one space between words."""
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(letter)
    )
    plain = re.sub("['`\u2019\u2018\u00b4]", "", plain)
    return " ".join(re.findall(r"[^\W_]+", plain))


def _unpolite(words: str) -> str:
    """Without one word of politeness at either end."""
    for polite in _POLITE:
        if words.startswith(polite + " "):
            words = words.removeprefix(polite + " ")
            break
    for polite in _POLITE:
        if words.endswith(" " + polite):
            return words.removesuffix(" " + polite)
    return words


@cache
def _table(languages: tuple[str, ...]) -> Mapping[str, Heard]:
    """Word without spaces to what it means; STOP wins where languages disagree."""
    found: dict[str, Heard] = {}
    spoken = ["en", *(each for each in languages if each != "en")]
    for keyword in (Keyword.STOP, Keyword.START, Keyword.HELP):
        for language in spoken:
            for word in WORDS.get(language, {}).get(keyword, ()):
                key = word.replace(" ", "")
                if key not in found:
                    found[key] = Heard(keyword=keyword, language=language)
                elif found[key].keyword is keyword and found[key].language != language:
                    found[key] = Heard(keyword=keyword, language=None)
    # Everybody says STOP and INFO: neither tells a language.
    for word in ("stop", "info"):
        if word in found:
            found[word] = Heard(keyword=found[word].keyword, language=None)
    return found
