"""Two people's changes meet field by field."""

from dataclasses import replace

from calendar_app.content import Content, VariantContent, gathered, merge

BASE = Content(title="Raya", text="Hello", variants=(VariantContent("a"), VariantContent("b", text="Own")))


def test_changes_of_different_fields_are_both_kept():
    merged = merge(BASE, replace(BASE, title="Raya 2026"), replace(BASE, text="Hello all"))

    assert merged.clashes == ()
    assert (merged.content.title, merged.content.text) == ("Raya 2026", "Hello all")


def test_changes_of_different_channels_are_both_kept():
    theirs = replace(BASE, variants=(VariantContent("a", text="For a"), BASE.variants[1]))
    mine = replace(BASE, variants=(BASE.variants[0], VariantContent("b", text="For b")))

    merged = merge(BASE, theirs, mine)

    assert merged.clashes == ()
    assert [variant.text for variant in merged.content.variants] == ["For a", "For b"]


def test_the_same_field_changed_twice_is_reported_with_both_sides():
    merged = merge(BASE, replace(BASE, text="Theirs"), replace(BASE, text="Mine"))

    assert [(clash.name, clash.theirs, clash.mine) for clash in merged.clashes] == [
        ("text", "Theirs", "Mine")
    ]


def test_the_same_change_on_both_sides_is_no_clash():
    merged = merge(BASE, replace(BASE, text="Same"), replace(BASE, text="Same"))

    assert (merged.clashes, merged.content.text) == ((), "Same")


def test_a_channel_added_here_and_one_removed_there_are_both_followed():
    theirs = replace(BASE, variants=(BASE.variants[0],))
    mine = replace(BASE, variants=(*BASE.variants, VariantContent("c")))

    assert merge(BASE, theirs, mine).content.channels == ("a", "c")


def test_a_channel_changed_here_and_removed_there_is_a_clash():
    theirs = replace(BASE, variants=(BASE.variants[0],))
    mine = replace(BASE, variants=(BASE.variants[0], VariantContent("b", text="Mine")))

    assert [clash.name for clash in merge(BASE, theirs, mine).clashes] == ["channel:b:text"]


def test_variants_that_say_the_same_inherit():
    found = gathered(
        Content(
            variants=(
                VariantContent("a", text="Hi"),
                VariantContent("b", text="Hi"),
                VariantContent("c", text="Yo"),
            )
        )
    )

    assert found.text == "Hi"
    assert [variant.text for variant in found.variants] == [None, None, "Yo"]


def test_a_document_reads_back_as_it_was_stored():
    assert Content.from_json(BASE.as_json()) == BASE
