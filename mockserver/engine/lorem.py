"""Faker's words, without its three copies of the whole list for each of them."""

from __future__ import annotations

from collections.abc import Sequence

from faker.providers.lorem.en_US import Provider


class Words(Provider):
    """Says what Faker's own provider says for the same dice."""

    _all = tuple(Provider.word_list)

    def words(
        self,
        nb: int = 3,
        ext_word_list: Sequence[str] | None = None,
        part_of_speech: str | None = None,
        unique: bool = False,
    ) -> list[str]:
        if unique or part_of_speech or ext_word_list is not None:
            others = list(ext_word_list) if ext_word_list is not None else None
            return super().words(nb, others, part_of_speech, unique)
        random = self.generator.random
        return [random.choice(self._all)] if nb == 1 else random.choices(self._all, k=nb)

    def word(
        self, part_of_speech: str | None = None, ext_word_list: Sequence[str] | None = None
    ) -> str:
        return self.words(1, ext_word_list, part_of_speech)[0]
