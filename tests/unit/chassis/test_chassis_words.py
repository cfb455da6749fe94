"""Search as people type it, in any language."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.texts import words
from services.chassis.texts.folding import folded
from services.chassis.texts.runs import LONGEST
from tests.support.names import FORBIDDEN, NAMES, UNSEEN
from tests.support.searching import finds


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        # beginnings, also those that are stop words of some language
        ("can", "Canvas Rucksack"),
        ("do", "Dotted Notebook"),
        ("a", "Arc Desk Lamp"),
        ("no", "Pocket Notebook"),
        ("der", "Derby Hat"),
        ("rucksack canvas", "Canvas Rucksack"),
        # accents, composed or not, on either side
        ("O\u0308lkanne", "Ölkanne"),
        ("Ölkanne", "O\u0308lkanne"),
        ("olkanne", "Ölkanne"),
        ("ÖLKANNE", "Ölkanne"),
        ("cafe creme", "Café Crème"),
        ("café", "Cafe"),
        ("smorrebrod", "Smørrebrød"),
        ("lodz", "Łódź"),
        ("pho dac biet", "Phở đặc biệt"),
        ("aether", "Æther"),
        ("thor", "Þór"),
        ("oeuvre", "Œuvre"),
        # case, wherever it is not simple
        ("strasse", "Straße"),
        ("STRASSE", "Straße"),
        ("straße", "STRASSE"),
        ("GROẞ", "gross"),
        ("istanbul", "İstanbul"),
        ("İSTANBUL", "istanbul"),
        ("ISPARTA", "Isparta"),
        ("ısparta", "ISPARTA"),
        ("σισυφος", "ΣΙΣΥΦΟΣ"),
        ("ΣΙΣΥΦΟΣ", "Σίσυφος"),
        ("σισυφοσ", "Σίσυφος"),
        ("αδης", "ᾍδης"),
        ("ёлка", "елка"),
        ("елка", "Ёлка"),
        # quotes and apostrophes
        ("kanne", "„Kanne“"),
        ("„Kanne“", "Kanne"),
        ("«Kanne»", "Kanne"),
        ("women's", "Women’s Coat"),
        ("women’s", "Women's Coat"),
        ("womens", "Women's Coat"),
        ("women", "Women’s Coat"),
        ("oreal", "L’Oréal"),
        ("l'oreal", "L’Oréal"),
        ("obrien", "O'Brien"),
        ("brien", "O’Brien"),
        ("kaʻiulani", "Ka'iulani"),
        # hyphens, skus, numbers
        ("tshirt", "T-Shirt"),
        ("t-shirt", "TShirt"),
        ("t shirt", "T-Shirt"),
        ("t‑shirt", "T-Shirt"),
        ("jean-fr", "Jean-François"),
        ("kit-001", "KIT-001"),
        ("kit001", "KIT-001"),
        ("KIT-00", "KIT-001"),
        ("001", "KIT-001"),
        ("0.5", "Bottle 0.5 l"),
        ("0,5", "Bottle 0.5 l"),
        ("0.5", "Bottle 0,50 l"),
        ("1000", "1,000 pieces"),
        ("1,000", "1000 pieces"),
        ("25", "25% off"),
        ("350 m", "350 ml mug"),
        ("٣٥", "35"),
        ("h&m", "H&M"),
        ("ada@shop", "ada@shop.example"),
        # width and other forms
        ("ｋｉｔ", "KIT-001"),
        ("kit", "ＫＩＴ－００１"),
        ("fi", "ﬁne"),
        ("ヤマダ", "ﾔﾏﾀﾞ"),
        ("やまだ", "ヤマダ"),
        ("10", "⑩"),
        # points, vowel points, variants of letters, joiners
        ("محمد", "مُحَمَّد"),
        ("احمد", "أحمد"),
        ("كتاب", "کتاب"),
        ("علي", "علی"),
        ("عبد", "عبـــد"),
        ("فاطمه", "فاطمة"),
        ("میخواهم", "می\u200cخواهم"),
        ("می خواهم", "می\u200cخواهم"),
        ("می\u200cخواهم", "میخواهم"),
        ("שלום", "שָׁלוֹם"),
        ("בן דוד", "בֶּן־דָּוִד"),
        ('צה"ל', "צה״ל"),
        ("प्रि", "प्रिया"),
        ("ज़ुबैर", "जुबैर"),
        ("ශ්‍රී", "ශ්රී"),
        ("donaudampf", "Donau\u00addampf"),
        # without blanks: from any character on
        ("太郎", "山田太郎"),
        ("山田太郎", "山田　太郎さん"),
        ("陳大文", "陳　大　文"),
        ("박지영", "박 지영"),
        ("铁壶", "日本铸铁壶"),
        ("神宮前一丁目二番三号四五六七八九", "東京都渋谷区神宮前一丁目二番三号四五六七八九十"),
        ("ケース", "iPhone用ケース"),
        ("iphone用", "iPhone用ケース"),
        ("iphone", "最新iPhone用ケース"),
        ("ไทย", "ภาษาไทย"),
        ("น้ำ", "ขวดน้ำ"),
        ("นำ", "น้ำ"),
        ("ជើង", "ស្បែកជើង"),
        ("ဆန်း", "အောင်ဆန်း"),
        ("철수", "김철수"),
        ("ㄱ", "가방"),
        ("가", "강아지"),
        # symbols that stand for themselves
        ("☕", "☕ Mug"),
        ("❤", "I ❤\ufe0f tea"),
    ],
)
def test_what_is_typed_finds_what_is_meant(typed: str, text: str) -> None:
    assert finds(typed, text), (words.queries(typed), words.terms(text))


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("vas", "Canvas Rucksack"),
        ("canvas lamp", "Canvas Rucksack"),
        ("0.5", "5 of 0 pieces"),
        ("0.5", "0.25 l"),
        ("太山", "山田太郎"),
        ("かぎ", "かき"),
        ("की", "का"),
    ],
)
def test_what_is_not_meant_is_not_found(typed: str, text: str) -> None:
    assert not finds(typed, text)


@pytest.mark.parametrize(
    "typed", ["", " ", "!!!", " --- ", "%", "_", "\\", "'", ":*", "&|!()<->", "„“", "...", "\u200b", "́", *UNSEEN]
)
def test_where_no_word_is_typed_nothing_is_asked_for(typed: str) -> None:
    assert words.queries(typed) == []


def test_a_word_from_any_letter_on_is_found_where_that_is_wanted() -> None:
    assert finds("lace", "Ada Lovelace", inside=True)
    assert not finds("lace", "Ada Lovelace")


def test_every_name_with_a_word_in_it_is_found_in_every_form_of_it() -> None:
    lost = [
        (form, name)
        for name in NAMES
        for form in ("NFC", "NFD", "NFKC", "NFKD")
        if words.queries(name) and not finds(unicodedata.normalize(form, name), name)
    ]
    assert lost == []


ANYTHING = st.text(st.characters(), max_size=80)
LETTERS = st.text(st.sampled_from("abß I İ.ı-'’0,5Öö\u0308 太郎ガ\u200c\u200dไทยก็ 가힣 ☕①"), max_size=40)


@settings(max_examples=300, deadline=None)
@given(ANYTHING | LETTERS)
def test_whatever_is_typed_becomes_no_syntax_and_stays_small(text: str) -> None:
    terms, queries = words.terms(text, inside=True), words.queries(text)
    piece = r"'[^'\\\s]{1,64}':\*"
    way = rf"\(?{piece}(?: & {piece})*\)?"
    assert all(re.fullmatch(rf"{way}(?: \| {way})*", query) for query in queries)
    assert all(1 <= len(term) <= LONGEST and "'" not in term and "\\" not in term for term in terms)
    assert len(queries) <= 32


@settings(max_examples=300, deadline=None)
@given(ANYTHING | LETTERS)
def test_a_text_is_found_by_itself_and_by_its_words_in_any_order(text: str) -> None:
    if queries := words.queries(text):
        assert finds(text, text)
        assert len(queries) > 20 or finds(" ".join(reversed(text.split())), text)


@settings(max_examples=300, deadline=None)
@given(LETTERS, st.data())
def test_a_text_is_found_by_every_beginning_of_its_words(text: str, data: st.DataObject) -> None:
    for word in text.split():
        beginning = word[: data.draw(st.integers(1, len(word)))]
        if words.queries(beginning):
            assert finds(beginning, text), (words.queries(beginning), words.terms(text))


@settings(max_examples=300, deadline=None)
@given(ANYTHING)
def test_folding_twice_changes_nothing_and_neither_does_another_normal_form(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert folded(unicodedata.normalize("NFC", text)) == folded(text)


def test_a_long_text_stays_within_what_a_tsvector_takes() -> None:
    wide = "".join(chr(0x20000 + number % 0xA000) for number in range(100_000))
    for text in ("東" * 5000, wide, "x" * 5000, "a-" * 2500, "x " * 100_000, *FORBIDDEN):
        terms = words.terms(text)
        kept = words.vector(("A", terms)).split()
        assert sum(len(term.encode()) for term in kept) <= 1_100_000
        assert len(kept) == len(terms) or len(kept) > 10_000
