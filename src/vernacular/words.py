"""Common words of the languages that share a script, for `identify`: they decide most texts without a model.

Grammatical words, numerals and a few everyday verbs, written down by hand (ours); no names, no subject matter. A word of several
languages stands in the list of each, in lower case and cut at apostrophes and hyphens: `qu'il` counts as `qu` and `il`.
"""

from functools import cache

WORDS = {
    "en": """the of and to a in is it that he she was for on are with as his her they be at one have this from had by but not
        what all were we when your can said there use an each which do how their if will up other about out many then them these
        so some would make like him into has more two than first been its who now people my over did down only find after before
        long made may part does every much total left three four five six seven eight nine ten twelve twenty hundred dollars
        gets takes buys gives sells spends costs cost pays wants needs times half week day days year years hours minutes per
        i you me no or off our us also any both same between during while where because still again if step next answer therefore
        us remaining add subtract multiply divide divided multiplied altogether s t also plus door hat war die too how""",
    "de": """der die das und ist in zu den mit sich auf für von dem des ein eine einen einem einer eines nicht es er sie ihr
        ihre ihren ihrem ihrer sein seine seinen seinem seiner war waren hat haben hatte hatten wird werden wurde wurden kann können
        muss soll will wollen wie viel viele vielen vieles was wer wo wenn als auch an am im ins zum zur bei beim nach aus um durch
        pro über unter vor zwischen während bis noch mehr weniger so dass aber oder nur dann danach nun jetzt jede jeder jedes jeden
        jedem alle allen beide zwei drei vier fünf sechs sieben acht neun zehn zwölf zwanzig hundert insgesamt übrig kostet kosten
        gibt kauft verkauft bekommt macht tag tage tagen woche wochen jahr jahre jahren stunden stunde minuten uhr hälfte doppelt mal
        wir ich du ihm ihn ihnen diese dieser dieses diesem diesen kein keine sind schritt also ergibt bleiben da bin""",
    "fr": """le la les un une des du de et est en à au aux dans que qui ne pas se sa son ses il elle ils elles on nous vous je tu
        ce cette ces cet leur leurs pour par sur avec sans sous plus moins mais ou où si comme tout tous toute toutes a ont avait
        avaient était étaient sont sera seront être avoir fait font fois chaque combien quel quelle quels quelles deux trois quatre
        cinq sept huit neuf dix douze vingt cent après avant pendant entre chez vers puis ensuite donc encore alors aussi très bien
        il y d l n s qu j c m t même autre autres dont jour jours semaine semaines mois an ans année heures heure moitié double coûte
        achète vend donne reste restent peut doit faut lui y total étape abord maintenant plus""",
    "es": """el la los las un una unos unas de del y en que es a al se su sus por para con sin no lo le les más menos pero o como si
        cuando donde quien cual cuál qué cuánto cuánta cuántos cuántas cada todo todos toda todas este esta estos estas ese esa eso
        esto él ella ellos ellas son está están era eran fue fueron ser estar hay ha han había tiene tienen tenía hace hacer puede
        uno dos tres cuatro cinco seis siete ocho nueve diez doce veinte cien entre sobre hasta desde durante después antes luego
        entonces también muy ya así otro otra otros otras mismo misma día días semana semanas mes año años hora horas mitad doble
        veces vez cuesta cuestan compra vende da dan le queda quedan si yo tú nos mi total paso ahora dólares""",
    "it": """il lo la i gli le un uno una di del della dello dei delle degli e è in che a al alla allo ai alle agli da dal dalla dai
        dalle nel nella nei nelle sul sulla sui sulle con per non si su come ma o se anche più meno quanto quanta quanti quante quale
        quali cosa chi dove quando ogni tutto tutti tutta tutte questo questa questi queste quello quella suo sua suoi sue loro lui
        lei sono era erano ha hanno aveva avevano essere avere fa fanno può deve due tre quattro cinque sei sette otto nove dieci
        dodici venti cento tra fra dopo prima poi durante fino ancora quindi allora così altro altra altri altre stesso giorno giorni
        settimana settimane mese mesi anno anni ora ore metà doppio volte volta costa compra vende dà ne ci mi ti vi c l d
        totale resto rimangono passo ciascuno ciascuna""",
    "pt": """o a os as um uma uns umas de do da dos das e em no na nos nas que é se por pelo pela pelos pelas para com sem não ao à
        aos às mais menos mas ou como quando onde quem qual quais quanto quanta quantos quantas cada todo todos toda todas este esta
        estes estas esse essa isso isto ele ela eles elas seu sua seus suas lhe são está estão era eram foi foram ser estar há tem têm
        tinha tinham faz fazer pode deve dois duas três quatro cinco seis sete oito nove dez doze vinte cem entre sobre até desde
        durante depois antes então também muito já assim outro outra outros outras mesmo mesma dia dias semana semanas mês meses ano
        anos hora horas metade dobro vezes vez custa custam compra vende dá dão fica ficam restam num numa eu nós meu minha total
        passo agora ainda""",
    "nl": """de het een en van in is dat die op te zijn met voor niet aan er om ook als dan maar of bij naar uit door over tot nog
        wel geen zo al wat wie waar hoe hoeveel wanneer welke hij zij ze haar hun hem wij we ik jij je u ons deze dit was waren
        heeft hebben had hadden wordt worden werd werden kan kunnen moet moeten zal zullen wil willen gaat gaan elke elk ieder alle
        iedere twee drie vier vijf zes zeven acht negen tien twaalf twintig honderd per na tussen tijdens onder meer minder veel
        totaal over daarna eerst toen nu keer dag dagen week weken maand jaar uur uren helft dubbel kost kosten koopt verkoopt geeft
        krijgt maakt blijven blijft zoveel stap dus samen""",
    "pl": """i w na z do nie się że to jest o a za po co jak ale od dla przez oraz czy ile ilu który która które którzy których jego
        jej ich im on ona ono oni one był była było byli były ma mają miał miała mieli są będzie może już tylko także też jeszcze
        więc więcej mniej niż każdy każda każde każdego każdej wszystkie wszystkich ten ta te tego tej tym tych jeden jedna jedno dwa
        dwie trzy cztery pięć sześć siedem osiem dziewięć dziesięć dwanaście dwadzieścia sto przy pod nad między podczas przed razy
        raz potem następnie teraz kiedy gdy jeśli dzień dni tydzień tygodnie miesiąc rok lata lat godzin godziny minut połowę
        połowa kosztuje kupuje sprzedaje daje ze we swoje swojej swoich razem zostało łącznie krok zatem""",
    "tr": """ve bir bu da de için ile o ne mi mı mu mü kaç kadar çok daha en her gibi ama veya ya sonra önce olarak olan oldu olur
        var yok iki üç dört beş altı yedi sekiz dokuz on yirmi otuz kırk elli yüz bin tane toplam kalan kaldı şimdi ise sadece hem
        onun ona onu onlar bunu bunun biri tüm bütün hepsi arasında içinde üzerinde göre yarısı katı kez gün hafta ay yıl saat
        dakika kişi adet eder alır alıyor verir veriyor satar satıyor vardır olduğunu adım diğer aynı fazla az eğer ki değil
        nedir neden şey ilk böylece elde""",
    "vi": """và của là có cho các những một hai ba bốn năm sáu bảy tám chín mười trăm với trong được không đã đang sẽ này đó để khi
        thì mà ở từ đến ra vào lên xuống cũng như nhiều ít hơn mỗi bao nhiêu mấy số người anh chị cô ấy ông bà họ nó tôi bạn
        còn lại tất cả tổng cộng sau trước giờ ngày tuần tháng phút gấp lần nửa mua bán tiền bị bằng về nếu vì nên rồi phải
        làm đồng chiếc cái con quyển bước thêm nữa hết trên dưới đi trả mất""",
    "sw": """na ya wa kwa ni za la cha vya katika kila yake wake zake lake chake vyake wao yao zao ana alikuwa ilikuwa walikuwa
        zilikuwa wana ina zina kuna kama au hii hiyo hizo hizi huo huu hao hawa yule hilo hili moja mmoja mbili wawili tatu watatu nne
        wanne tano watano sita saba nane tisa kumi ishirini mia ngapi wangapi mangapi kiasi gani jumla baada kabla kisha halafu lakini
        pia sasa tu zaidi kuliko sana bado wote zote yote kati hadi mpaka kutoka kwenye ikiwa ambao ambayo ambaye ambazo mwenye wenye
        yenye zenye watu mtu siku wiki mwezi mwaka miaka saa dakika nusu mara hakuna je basi hivyo kwamba mwa pamoja tena mwisho
        mwanzo anataka anahitaji ananunua alinunua anauza aliuza anapata alipata anatumia alitumia kununua kuuza dola idadi
        nyingine mwingine wengine kwanza hatua hiki hicho wakati ile wale vile iwapo anaweza wanaweza bei""",
    "ru": """и в на с не он она они оно его её ее их ей ему им у за по из от до к о об что как это то а но если когда где кто сколько
        был была было были есть будет для со во чтобы все всего всех каждый каждая каждое каждого каждой каждую один одна одно
        два две три четыре пять шесть семь восемь девять десять двенадцать двадцать сто после перед через между больше меньше чем
        затем потом теперь ещё еще уже только также тоже или при под день дня дней неделю недели недель месяц год года лет час
        часа часов минут половину половина раз раза стоит стоят покупает продаёт продает может можно нужно тогда него неё нее них
        осталось остаётся остается шаг итак который которые""",
    "bg": """и в на с не той тя те то го я ги му ѝ им у за по из от до към о че как това този тази тези а но ако когато къде кой коя
        колко е са бе беше бяха има имат имаше имаха ще за със във да се си всички всеки всяка всяко всяка един една едно два две
        три четири пет шест седем осем девет десет дванадесет двадесет сто след преди през между повече малко от колкото после
        сега още вече само също или при под ден дни седмица седмици месец година години час часа часове минути половината половина
        пъти струва струват купува продава дава може трябва тогава него нея тях остават остана стъпка който която които общо броя
        брой го ли без""",
}


@cache
def lexicon() -> dict[str, tuple[str, ...]]:
    """Word -> the languages that list it."""
    languages: dict[str, dict[str, None]] = {}
    for language, words in WORDS.items():
        for word in words.split():
            languages.setdefault(word, {})[language] = None
    return {word: tuple(listed) for word, listed in languages.items()}
